package dev.sluice.layer.zstdchunked;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.sluice.layer.toc.CorruptTocException;
import dev.sluice.layer.toc.TocJson;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The JSON of a table of contents out of its zstd frames. Counts what is read; hashes it, or the compressed bytes. Closing it closes
 * the compressed stream.
 */
final class ZstdTocStream extends TocJson {
    private static final int BUFFER = 64 << 10;
    /** 128 MiB, as everywhere: zstd's own limit. */
    private static final int MAX_WINDOW_LOG = 27;

    private final InputStream compressed;
    private final InputStream json;
    private final MessageDigest sha256;
    private final boolean ofCompressed;
    private long remaining;

    /**
     * Does not read yet. Closes {@code source} if it fails.
     *
     * @param ofCompressed whether the digest is that of the compressed bytes, else of the JSON
     * @param limit most bytes of the JSON
     */
    ZstdTocStream(InputStream source, boolean ofCompressed, long limit) throws IOException {
        this.ofCompressed = ofCompressed;
        remaining = limit;
        try {
            sha256 = MessageDigest.getInstance("SHA-256");
            compressed = ofCompressed ? new Hashed(source, sha256) : source;
            json = new ZstdInputStreamNoFinalizer(compressed).setLongMax(MAX_WINDOW_LOG);
        } catch (IOException | RuntimeException e) {
            source.close();
            throw e;
        } catch (NoSuchAlgorithmException e) {
            source.close();
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = json.read(buffer, offset, length);
        if (count < 0) {
            return count;
        }
        remaining -= count;
        if (remaining < 0) {
            throw new CorruptTocException("table of contents has more bytes than are allowed");
        }
        if (!ofCompressed) {
            sha256.update(buffer, offset, count);
        }
        return count;
    }

    @Override
    public String finish() throws IOException {
        byte[] buffer = new byte[BUFFER];
        int count;
        do {
            count = ofCompressed ? compressed.read(buffer, 0, BUFFER) : read(buffer, 0, BUFFER);
        } while (count >= 0);
        return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    }

    @Override
    public void close() throws IOException {
        json.close();
    }

    /** Hashes what is read through it. */
    private static final class Hashed extends FilterInputStream {
        private final MessageDigest digest;

        Hashed(InputStream in, MessageDigest digest) {
            super(in);
            this.digest = digest;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int count = super.read(buffer, offset, length);
            if (count > 0) {
                digest.update(buffer, offset, count);
            }
            return count;
        }

        @Override
        public long skip(long count) throws IOException {
            throw new IOException("compressed bytes cannot be left out");
        }
    }
}
