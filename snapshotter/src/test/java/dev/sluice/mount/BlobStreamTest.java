package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Blob;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BlobStreamTest {
    private static final int PARALLEL = 3;

    private final byte[] bytes = new byte[5 * BlobStream.PART + 12345];
    private final ExecutorService executor = Executors.newCachedThreadPool();
    private final AtomicLong received = new AtomicLong();

    BlobStreamTest() {
        new Random(1).nextBytes(bytes);
    }

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void allBytesComeInTheirOrder() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (BlobStream stream = stream((offset, length) -> range(offset, length))) {
            ByteBuffer part = stream.read();
            while (part.hasRemaining()) {
                byte[] copy = new byte[part.remaining()];
                part.get(copy);
                out.writeBytes(copy);
                stream.release(part);
                part = stream.read();
            }
        }
        assertThat(out.toByteArray()).isEqualTo(bytes);
        assertThat(received).hasValue(bytes.length);
    }

    @Test
    void severalPartsAreOnTheirWayAtOnceAndNoMore() throws Exception {
        CountDownLatch all = new CountDownLatch(PARALLEL);
        AtomicInteger started = new AtomicInteger();
        try (BlobStream stream = stream((offset, length) -> {
            started.incrementAndGet();
            all.countDown();
            return range(offset, length);
        })) {
            ByteBuffer first = stream.read();
            all.await();
            assertThat(first.remaining()).isEqualTo(BlobStream.PART);
            assertThat(started).hasValue(PARALLEL);
        }
    }

    @Test
    void whatOnePartFailsWithReachesTheReader() {
        try (BlobStream stream = stream((offset, length) -> {
            if (offset > 0) {
                throw new IOException("registry does not answer");
            }
            return range(offset, length);
        })) {
            assertThat(stream.read().remaining()).isEqualTo(BlobStream.PART);
            assertThatThrownBy(stream::read).isInstanceOf(IOException.class).hasMessage("registry does not answer");
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aTransferThatEndsEarlyIsAnError() {
        try (BlobStream stream = stream((offset, length) -> range(offset, length / 2))) {
            assertThatThrownBy(stream::read).hasMessageContaining("early");
        }
    }

    private interface Ranges {
        ReadableByteChannel open(long offset, long length) throws IOException;
    }

    private BlobStream stream(Ranges ranges) {
        Blob blob = new Blob() {
            @Override
            public long size() {
                return bytes.length;
            }

            @Override
            public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
                return ranges.open(offset, length);
            }
        };
        return new BlobStream(blob, Blob.Source.ANY, executor, PARALLEL, received);
    }

    private ReadableByteChannel range(long offset, long length) {
        return Channels.newChannel(new ByteArrayInputStream(bytes, (int) offset, (int) length));
    }
}
