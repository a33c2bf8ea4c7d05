package dev.sluice.layer.toc;

import dev.sluice.layer.Attributes;

/**
 * One element of {@code entries} in a table of contents. Strings are empty and numbers are 0 where they are absent.
 *
 * @param size of a regular file, in bytes
 * @param offset where the gzip member or zstd frame with this chunk begins in the blob, in bytes
 * @param endOffset where the last chunk of the file ends in the blob, in bytes; in zstd:chunked only
 * @param innerOffset where the chunk begins in what that decodes to, in bytes
 * @param chunkOffset where the chunk begins in its file, in bytes
 * @param chunkSize in bytes; 0: to the end of the file
 * @param digest of the file, {@code sha256:hex}
 * @param chunkDigest of the chunk, {@code sha256:hex}
 * @param chunkType {@code zeros} if the chunk is that; in zstd:chunked only
 */
record TocEntry(
        String name,
        String type,
        Attributes attributes,
        String linkName,
        long devMajor,
        long devMinor,
        long size,
        long offset,
        long endOffset,
        long innerOffset,
        long chunkOffset,
        long chunkSize,
        String digest,
        String chunkDigest,
        String chunkType) {}
