package dev.sluice.layer.toc;

import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.IndexPromises;
import dev.sluice.layer.InvalidLayerException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Objects;

/** Fuzzes the JSON of tables of contents for which a manifest vouches. */
public final class TocFuzz {
    private static final TocLimits LIMITS = new TocLimits(1 << 16, 1 << 16, 1000, 1 << 16);
    private static final String DIGEST = "sha256:" + "0".repeat(64);
    private static final long BLOB = 1 << 20;

    private TocFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        ChunkedBlob blob = new ChunkedBlob("fuzz", new GzipDecoder(), BLOB, BLOB - 100);
        try (TocJson json = new Json(data)) {
            IndexPromises.check(new TocReader(LIMITS).read(json, DIGEST, blob));
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static final class Json extends TocJson {
        private final ByteArrayInputStream bytes;

        Json(byte[] bytes) {
            this.bytes = new ByteArrayInputStream(bytes);
        }

        @Override
        public int read() {
            return bytes.read();
        }

        @Override
        public int read(byte[] buffer, int offset, int length) {
            return bytes.read(buffer, offset, length);
        }

        @Override
        public String finish() {
            return DIGEST;
        }
    }
}
