package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

/**
 * A range of a blob from whose start it can be decoded. The spans of a blob follow each other without a gap in what they decode to; their
 * ranges of the blob may share a byte, when one ends and the next begins within it.
 *
 * @param blobOffset in bytes
 * @param blobLength in bytes, at least 1
 * @param decodedOffset of its first decoded byte in the whole decoded stream
 * @param decodedLength in bytes
 * @param auxiliary what the decoder needs besides, see {@link dev.sluice.layer.Decoder#decode}; not changed by anybody
 * @param digest SHA-256 of its bytes of the blob, 32 bytes; not changed by anybody
 */
public record StreamSpan(
        long blobOffset, long blobLength, long decodedOffset, long decodedLength, byte[] auxiliary, byte[] digest) {
    public StreamSpan {
        requireNonNull(auxiliary, "auxiliary is null");
        requireNonNull(digest, "digest is null");
    }
}
