package dev.sluice.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.Buffer;
import okio.BufferedSink;
import okio.ForwardingSource;
import okio.Okio;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a blob that is pushed. Immutable.
 *
 * @param size in bytes
 */
record BlobContent(long size, Opener opener) {
    /** Opens the bytes from the first on; every time it is asked. */
    interface Opener {
        InputStream open() throws IOException;
    }

    static BlobContent of(byte[] bytes) {
        return new BlobContent(bytes.length, () -> new ByteArrayInputStream(bytes));
    }

    /** @throws IOException if its size cannot be told */
    static BlobContent of(Path file) throws IOException {
        return new BlobContent(Files.size(file), () -> Files.newInputStream(file));
    }

    /** To be sent once: a second time the HTTP library must not try on its own. */
    RequestBody body() {
        return new RequestBody() {
            @Override
            public @Nullable MediaType contentType() {
                return null;
            }

            @Override
            public long contentLength() {
                return size;
            }

            @Override
            public boolean isOneShot() {
                return true;
            }

            @Override
            public void writeTo(BufferedSink sink) throws IOException {
                try (InputStream in = open();
                        LocalSource source = new LocalSource(in)) {
                    sink.writeAll(source);
                }
            }
        };
    }

    private InputStream open() throws UnreadableContentException {
        try {
            return opener.open();
        } catch (IOException e) {
            throw new UnreadableContentException(e);
        }
    }

    /** Tells failures of reading from failures of sending. */
    private static final class LocalSource extends ForwardingSource {
        LocalSource(InputStream in) {
            super(Okio.source(in));
        }

        @Override
        public long read(Buffer sink, long byteCount) throws IOException {
            try {
                return super.read(sink, byteCount);
            } catch (IOException e) {
                throw new UnreadableContentException(e);
            }
        }
    }
}
