/**
 * SOCI: an index beside an image, which leaves the image's layers as they are. For a layer there is a ztoc: the entries of its tar, where
 * decoding can begin in the blob, and digests of the compressed bytes between these places.
 *
 * <p>How the index of an image is found, and whether it is believed, is not known here.
 */
@NullMarked
package dev.sluice.layer.soci;

import org.jspecify.annotations.NullMarked;
