/**
 * The fill engine: which extents a read needs, one flight per span, merged range requests, decoding, verification, and
 * the data device they are written into.
 *
 * <p>Must not know which backend asks, which format the layer had, or what a registry is.
 */
@NullMarked
package dev.sluice.fill;

import org.jspecify.annotations.NullMarked;
