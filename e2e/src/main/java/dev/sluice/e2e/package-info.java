/**
 * The demonstration: one image, pulled and started lazily and in the ordinary way, and what each of them cost.
 */
@NullMarked
package dev.sluice.e2e;

import org.jspecify.annotations.NullMarked;
