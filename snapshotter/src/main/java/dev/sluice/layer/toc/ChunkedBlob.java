package dev.sluice.layer.toc;

import static java.util.Objects.requireNonNull;

import dev.sluice.layer.Decoder;

/**
 * A blob that can be decoded from each chunk on.
 *
 * @param format name of the format
 * @param decoder of its chunks
 * @param size in bytes
 * @param dataEnd where the chunks end in the blob, and mostly the table of contents begins, in bytes
 */
public record ChunkedBlob(String format, Decoder decoder, long size, long dataEnd) {
    public ChunkedBlob {
        requireNonNull(format, "format is null");
        requireNonNull(decoder, "decoder is null");
    }
}
