/**
 * Private instances of containerd and Sluice, and the commands that drive them.
 */
@NullMarked
package dev.sluice.e2e.runtime;

import org.jspecify.annotations.NullMarked;
