package dev.sluice.layer.tar;

/**
 * What an index says of its layer as a whole.
 *
 * @param blobDigest {@code sha256:hex}
 * @param blobSize in bytes
 * @param diffId digest of the tar, {@code sha256:hex}
 * @param tarSize in bytes
 * @param deviceSize of the data device, in bytes, a multiple of 4096
 * @param decoder {@link dev.sluice.layer.Decoder#id} of the one that decodes the spans
 */
record TarSummary(
        String blobDigest,
        long blobSize,
        Compression compression,
        String diffId,
        long tarSize,
        long deviceSize,
        int decoder) {}
