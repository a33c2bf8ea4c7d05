package dev.sluice.layer.erofs;

/**
 * What an index says of its layer. Sizes are in bytes.
 *
 * @param blobDigest {@code sha256:hex}
 * @param zstd whether the blob is the image compressed by zstd; else it is the image
 * @param diffId digest of the image, {@code sha256:hex}
 * @param deviceSize of the data device, a multiple of 4096
 * @param decoder of its spans, {@link dev.sluice.layer.Decoder#id}
 */
record ErofsSummary(
        String blobDigest, long blobSize, boolean zstd, String diffId, long imageSize, long deviceSize, int decoder) {}
