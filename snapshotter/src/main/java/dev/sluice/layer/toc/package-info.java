/**
 * The table of contents that eStargz and zstd:chunked share: JSON with all entries of a layer and the digests of its chunks, and its
 * translation into entries, spans and extents.
 *
 * <p>Everything read here is foreign and checked before use. Formats use it; it knows none of them.
 */
@NullMarked
package dev.sluice.layer.toc;

import org.jspecify.annotations.NullMarked;
