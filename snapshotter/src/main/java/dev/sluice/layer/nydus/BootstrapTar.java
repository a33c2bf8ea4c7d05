package dev.sluice.layer.nydus;

import dev.sluice.layer.InvalidLayerException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.zip.GZIPInputStream;

/** The layer that holds a bootstrap: a tar, compressed with gzip, in which the bootstrap is one file. */
final class BootstrapTar {
    private static final String BOOTSTRAP = "image/image.boot";
    private static final int BLOCK = 512;
    private static final int NAME = 100;
    private static final int SIZE = 124;
    private static final int SIZE_LENGTH = 12;
    private static final int BUFFER = 64 << 10;

    private final Limits limits;
    private final InputStream tar;
    private long left;

    private BootstrapTar(Limits limits, InputStream tar) {
        this.limits = limits;
        this.tar = tar;
        this.left = limits.layer();
    }

    /**
     * Finds the bootstrap. What follows it is not read.
     *
     * @throws InvalidLayerException if there is none, or one that is too large
     * @throws java.util.zip.ZipException if the bytes are no gzip
     */
    static ByteBuffer find(InputStream layer, Limits limits) throws IOException {
        return new BootstrapTar(limits, new GZIPInputStream(layer, BUFFER)).find();
    }

    private ByteBuffer find() throws IOException {
        byte[] header = new byte[BLOCK];
        while (true) {
            read(header, BLOCK);
            String name = text(header, 0, NAME);
            if (name.isEmpty()) {
                throw new InvalidLayerException("its tar has no file " + BOOTSTRAP);
            }
            long size = size(header);
            if (name.equals(BOOTSTRAP)) {
                if (size > limits.bootstrap()) {
                    throw new InvalidLayerException(
                            "its bootstrap has " + size + " bytes, allowed are " + limits.bootstrap());
                }
                return content((int) size);
            }
            skip((size + BLOCK - 1) / BLOCK * BLOCK);
        }
    }

    /** Grows with what really comes. */
    private ByteBuffer content(int size) throws IOException {
        charge(size);
        byte[] bytes = tar.readNBytes(size);
        if (bytes.length < size) {
            throw new EOFException("its bootstrap is cut off");
        }
        return ByteBuffer.wrap(bytes);
    }

    private void read(byte[] bytes, int length) throws IOException {
        charge(length);
        if (tar.readNBytes(bytes, 0, length) < length) {
            throw new EOFException("its tar is cut off");
        }
    }

    private void skip(long length) throws IOException {
        charge(length);
        tar.skipNBytes(length);
    }

    private void charge(long bytes) throws InvalidLayerException {
        if (bytes > left) {
            throw new InvalidLayerException(
                    "its tar has more than " + limits.layer() + " bytes before its bootstrap ends");
        }
        left -= bytes;
    }

    private static long size(byte[] header) throws InvalidLayerException {
        try {
            long size = Long.parseLong(text(header, SIZE, SIZE_LENGTH).trim(), 8);
            if (size >= 0) {
                return size;
            }
        } catch (NumberFormatException e) {
            throw new InvalidLayerException("its tar has an entry of an unknown size", e);
        }
        throw new InvalidLayerException("its tar has an entry of a negative size");
    }

    private static String text(byte[] header, int start, int length) {
        int end = start;
        while (end < start + length && header[end] != 0) {
            end++;
        }
        return new String(header, start, end - start, StandardCharsets.ISO_8859_1);
    }
}
