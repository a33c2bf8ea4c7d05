/**
 * Plain layers: a tar, compressed by gzip or zstd or not at all. They are read once from the first byte to the last; what that pass
 * finds out about them, the {@link dev.sluice.layer.tar.TarIndex index}, makes them lazy from then on.
 *
 * <p>Knows tar, the streams around it and the index. Knows no registry, no place of storage and no other format.
 */
@NullMarked
package dev.sluice.layer.tar;

import org.jspecify.annotations.NullMarked;
