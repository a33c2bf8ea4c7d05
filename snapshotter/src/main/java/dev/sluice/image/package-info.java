/**
 * From snapshot labels, or a bare chain ID, to an image reference, its manifest and its layers.
 *
 * <p>Knows containerd's labels and the shape of manifests and configs. Must not mount or fetch layers.
 */
@NullMarked
package dev.sluice.image;

import org.jspecify.annotations.NullMarked;
