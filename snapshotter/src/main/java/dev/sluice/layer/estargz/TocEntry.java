package dev.sluice.layer.estargz;

import dev.sluice.layer.Attributes;

/**
 * One element of {@code entries} in a table of contents. Strings are empty and numbers are 0 where they are absent.
 *
 * @param size of a regular file, in bytes
 * @param offset where the gzip member with this chunk begins in the blob, in bytes
 * @param innerOffset where the chunk begins in what that member decodes to, in bytes
 * @param chunkOffset where the chunk begins in its file, in bytes
 * @param chunkSize in bytes; 0: to the end of the file
 * @param digest of the file, {@code sha256:hex}
 * @param chunkDigest of the chunk, {@code sha256:hex}
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
        long innerOffset,
        long chunkOffset,
        long chunkSize,
        String digest,
        String chunkDigest) {}
