/**
 * The artifact that carries the indexes of an image's plain layers beside the image: what it looks like, whom to believe, how it is
 * found, published and removed.
 *
 * <p>Knows registries and images. What the index of one layer says is opaque here.
 */
@NullMarked
package dev.sluice.index;

import org.jspecify.annotations.NullMarked;
