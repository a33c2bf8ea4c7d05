/**
 * A private OCI registry that tells what was read from it, and a link with latency and limited bandwidth in front of it.
 */
@NullMarked
package dev.sluice.e2e.registry;

import org.jspecify.annotations.NullMarked;
