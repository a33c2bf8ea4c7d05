/**
 * Layers that are an EROFS image, not compressed inside, as containerd's EROFS differ and mkfs.erofs make them. What one pass over such a layer
 * finds out is kept as an index: digests of parts of it, and all its bytes but the contents of files.
 */
@NullMarked
package dev.sluice.layer.erofs;

import org.jspecify.annotations.NullMarked;
