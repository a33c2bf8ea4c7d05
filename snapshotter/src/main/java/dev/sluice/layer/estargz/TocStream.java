package dev.sluice.layer.estargz;

import dev.sluice.layer.toc.CorruptTocException;
import dev.sluice.layer.toc.TocJson;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.GZIPInputStream;

/**
 * The JSON in the gzip'd tar that holds the table of contents. Counts and hashes what is read. Closing it closes the compressed
 * stream.
 */
final class TocStream extends TocJson {
    static final String NAME = "stargz.index.json";

    private static final int BLOCK = 512;
    private static final int SIZE_FIELD = 124;
    private static final int CHECKSUM_FIELD = 148;
    private static final int TYPE_FIELD = 156;
    private static final int BUFFER = 64 << 10;

    private final InputStream tar;
    private final MessageDigest sha256;
    private long remaining;

    private TocStream(InputStream tar, MessageDigest sha256, long size) {
        this.tar = tar;
        this.sha256 = sha256;
        this.remaining = size;
    }

    /**
     * Opens the stream and reads the tar header. Closes {@code compressed} if that fails.
     *
     * @throws CorruptTocException if the tar does not begin with the table of contents, or that is longer than {@code limit} bytes
     * @throws IOException if the gzip data are malformed or cannot be read
     */
    static TocStream open(InputStream compressed, long limit) throws IOException {
        InputStream tar = compressed;
        try {
            tar = new GZIPInputStream(compressed, BUFFER);
            byte[] header = tar.readNBytes(BLOCK);
            long size = size(header);
            if (size > limit) {
                throw new CorruptTocException("table of contents has " + size + " bytes, allowed are " + limit);
            }
            return new TocStream(tar, MessageDigest.getInstance("SHA-256"), size);
        } catch (IOException | RuntimeException e) {
            tar.close();
            throw e;
        } catch (NoSuchAlgorithmException e) {
            tar.close();
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static long size(byte[] header) throws CorruptTocException {
        if (header.length < BLOCK
                || !new String(header, 0, NAME.length() + 1, StandardCharsets.ISO_8859_1).equals(NAME + "\0")
                || (header[TYPE_FIELD] != '0' && header[TYPE_FIELD] != 0)) {
            throw new CorruptTocException("tar with the table of contents does not begin with " + NAME);
        }
        long sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += i >= CHECKSUM_FIELD && i < TYPE_FIELD ? ' ' : header[i] & 0xFF;
        }
        if (sum != octal(header, CHECKSUM_FIELD, 8)) {
            throw new CorruptTocException("tar header of the table of contents has a wrong checksum");
        }
        return octal(header, SIZE_FIELD, 12);
    }

    private static long octal(byte[] header, int at, int length) throws CorruptTocException {
        String text = new String(header, at, length, StandardCharsets.ISO_8859_1)
                .replace('\0', ' ')
                .strip();
        if (!text.matches("[0-7]{1,11}")) {
            throw new CorruptTocException("tar header of the table of contents holds a malformed number");
        }
        return Long.parseLong(text, 8);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        if (remaining == 0) {
            return -1;
        }
        int count = tar.read(buffer, offset, (int) Math.min(length, remaining));
        if (count < 0) {
            throw new EOFException("table of contents ends " + remaining + " bytes early");
        }
        sha256.update(buffer, offset, count);
        remaining -= count;
        return count;
    }

    /** The digest of the JSON. */
    @Override
    public String finish() throws IOException {
        byte[] buffer = new byte[BUFFER];
        int count;
        do {
            count = read(buffer, 0, buffer.length);
        } while (count >= 0);
        return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }
}
