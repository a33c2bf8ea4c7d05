package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a range read makes of the answers that servers give. */
class RemoteBlobTest {
    private static final int SIZE = 3 << 20;
    private static final byte[] BLOB = bytes(SIZE);

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final RegistryClient client = registry.client(time);
    private final RemoteBlob blob = client.openBlob(
            registry.image("v1"), new Descriptor("application/octet-stream", Digest.sha256(BLOB), SIZE));

    RemoteBlobTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private byte[] read(long offset, int length) throws IOException {
        try (ReadableByteChannel channel = blob.read(offset, length, false)) {
            return drain(channel, length);
        }
    }

    /** Everything up to the end of the stream. */
    private static byte[] drain(ReadableByteChannel channel, int expected) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(expected + 1);
        while (channel.read(into) >= 0) {
            assertThat(into.hasRemaining()).isTrue();
        }
        return Arrays.copyOf(into.array(), into.position());
    }

    private static byte[] expected(int offset, int length) {
        return Arrays.copyOfRange(BLOB, offset, offset + length);
    }

    @Test
    void deliversARangeAndThenTheEnd() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 100_000, 1_000_000));

        assertThat(read(100_000, 1_000_000)).isEqualTo(expected(100_000, 1_000_000));
        assertThat(registry.request().getHeaders().get("Range")).isEqualTo("bytes=100000-1099999");
    }

    @Test
    void readsIntoDirectBuffersInSteps() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, 10_000));

        ByteBuffer into = ByteBuffer.allocateDirect(4_000);
        byte[] got = new byte[10_000];
        int at = 0;
        try (ReadableByteChannel channel = blob.read(0, 10_000, false)) {
            while (channel.read(into.clear()) >= 0) {
                into.flip();
                int length = into.remaining();
                into.get(got, at, length);
                at += length;
            }
            assertThat(channel.read(into.clear())).isEqualTo(-1);
        }
        assertThat(got).isEqualTo(expected(0, 10_000));
    }

    @Test
    void keepsItsConnection() throws Exception {
        for (int i = 0; i < 3; i++) {
            registry.answers(ScriptedRegistry.partial(BLOB, 5, 10));
            read(5, 10);
        }

        registry.request();
        registry.request();
        assertThat(registry.request().getExchangeIndex()).isEqualTo(2);
    }

    @Test
    void usesAnotherConnectionForAnotherSource() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, 10)).answers(ScriptedRegistry.partial(BLOB, 0, 10));

        read(0, 10);
        try (ReadableByteChannel channel = blob.read(0, 10, true)) {
            drain(channel, 10);
        }

        assertThat(registry.request().getConnectionIndex())
                .isNotEqualTo(registry.request().getConnectionIndex());
    }

    @Test
    void refusesRangesThatAreNone() {
        assertThatThrownBy(() -> blob.read(0, SIZE + 1L, false)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> blob.read(-1, 1, false)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> blob.read(5, 0, false)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> blob.read(Long.MAX_VALUE, Long.MAX_VALUE, false))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(registry.requests()).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 100_000, 1 << 20})
    void skipsALittleIfTheServerIgnoresRanges(int offset) throws Exception {
        registry.answers(ScriptedRegistry.ok(BLOB));

        assertThat(read(offset, 1000)).isEqualTo(expected(offset, 1000));
    }

    @Test
    void doesNotSkipMuch() {
        // Were this body waited for, the test would take 20 s for the request and then pass for another reason.
        registry.answers(ScriptedRegistry.ok(BLOB).throttleBody(1, 1, TimeUnit.MINUTES));

        assertThatThrownBy(() -> read((1 << 20) + 1, 1000))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessage(
                        "Tried to read bytes 1048577-1049576 of blob %s from %s but failed because: the registry"
                                + " ignores ranges, and 1048577 bytes are too many to skip",
                        blob.digest(), registry.host());
    }

    @Test
    void refusesAWholeBlobOfAnotherSize() {
        registry.answers(ScriptedRegistry.ok(bytes(SIZE - 1)));

        assertThatThrownBy(() -> read(0, 10))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("the blob has 3145727 bytes, expected 3145728");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes 11-20/3145728",
                "bytes 10-20/3145728",
                "bytes 9-18/3145728",
                "bytes 10-19/3145727",
                "bytes 10-19",
                "bytes */3145728",
                "nonsense",
            })
    void refusesAnotherRangeThanItAskedFor(String contentRange) {
        registry.answers(ScriptedRegistry.status(206)
                .setHeader("Content-Range", contentRange)
                .body(new Buffer().write(BLOB, 10, 10)));

        assertThatThrownBy(() -> read(10, 10)).isInstanceOf(RegistryException.Protocol.class);
        assertThat(registry.requests()).isEqualTo(1);
    }

    @Test
    void refusesAPartialAnswerThatDoesNotSayWhichPart() {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 10).removeHeader("Content-Range"));

        assertThatThrownBy(() -> read(10, 10))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("Content-Range");
    }

    @Test
    void refusesABodyOfAnotherLengthThanItsRange() {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 9).setHeader("Content-Range", "bytes 10-19/3145728"));

        assertThatThrownBy(() -> read(10, 10)).isInstanceOf(RegistryException.Protocol.class);
    }

    @Test
    void noticesABodyThatDoesNotEnd() {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 10).chunkedBody(new Buffer().write(BLOB, 10, 11), 5));

        assertThatThrownBy(() -> read(10, 10))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("more bytes");
    }

    @Test
    void takesChunkedBodies() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 1000).chunkedBody(new Buffer().write(BLOB, 10, 1000), 7));

        assertThat(read(10, 1000)).isEqualTo(expected(10, 1000));
    }

    @Test
    void takesUnknownSizes() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 1000).setHeader("Content-Range", "bytes 10-1009/*"));

        assertThat(read(10, 1000)).isEqualTo(expected(10, 1000));
    }

    @Test
    void refusesEncodedBodies() {
        registry.answers(ScriptedRegistry.partial(BLOB, 10, 10).setHeader("Content-Encoding", "gzip"));

        assertThatThrownBy(() -> read(10, 10))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("encoded");
    }

    @Test
    void tellsThatTheRangeDoesNotExist() {
        registry.answers(ScriptedRegistry.status(416));

        assertThatThrownBy(() -> read(10, 10))
                .isInstanceOf(RegistryException.Protocol.class)
                .hasMessageContaining("416");
        assertThat(registry.requests()).isEqualTo(1);
    }

    @Test
    void tellsThatTheBlobDoesNotExist() {
        registry.answers(ScriptedRegistry.status(404));

        assertThatThrownBy(() -> read(0, 100))
                .isInstanceOf(RegistryException.NotFound.class)
                .hasMessage(
                        "Tried to read bytes 0-99 of blob %s from %s but failed because: the registry answered 404",
                        blob.digest(), registry.host());
    }

    @Test
    void goesOnAfterAShorterRange() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, 100_000))
                .answers(ScriptedRegistry.partial(BLOB, 100_000, 100_000));

        assertThat(read(0, 200_000)).isEqualTo(expected(0, 200_000));
        assertThat(registry.request().getHeaders().get("Range")).isEqualTo("bytes=0-199999");
        assertThat(registry.request().getHeaders().get("Range")).isEqualTo("bytes=100000-199999");
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void givesUpOnAServerThatAnswersWithVeryLittle() {
        for (int i = 0; i < 6; i++) {
            registry.answers(ScriptedRegistry.partial(BLOB, i, 1));
        }

        assertThatThrownBy(() -> read(0, 200_000))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageContaining("shorter range");
        assertThat(registry.requests()).isEqualTo(6);
    }

    @Test
    void readsNothingAfterItWasClosed() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, 10));
        ReadableByteChannel channel = blob.read(0, 10, false);
        channel.close();
        channel.close();

        assertThat(channel.isOpen()).isFalse();
        assertThatThrownBy(() -> channel.read(ByteBuffer.allocate(1))).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void opensWithoutAskingTheRegistry() {
        assertThat(blob.size()).isEqualTo(SIZE);
        assertThat(registry.requests()).isZero();
    }

    @Test
    void survivesServersThatAnswerAnything() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 150; i++) {
            int offset = random.nextInt(1000);
            int length = 1 + random.nextInt(1000);
            registry.server().setDispatcher(new AnyAnswer(random, offset, length));
            try {
                assertThat(read(offset, length)).isEqualTo(expected(offset, length));
            } catch (RegistryException refused) {
                assertThat(refused.getMessage()).contains("but failed because: ");
            }
        }
    }

    /** Answers with a status, a Content-Range and a body that need not agree; a body is right as far as it claims to be. */
    private static final class AnyAnswer extends Dispatcher {
        private final Random random;
        private final int offset;
        private final int length;

        AnyAnswer(Random random, int offset, int length) {
            this.random = random;
            this.offset = offset;
            this.length = length;
        }

        @Override
        public MockResponse dispatch(RecordedRequest request) {
            int[] statuses = {200, 204, 206, 206, 206, 206, 301, 404, 416, 429, 503};
            int first = random.nextBoolean() ? offset : random.nextInt(2000);
            int last = random.nextBoolean() ? offset + length - 1 : random.nextInt(2000);
            int status = statuses[random.nextInt(statuses.length)];
            Buffer body = status == 200
                    ? new Buffer().write(BLOB)
                    : new Buffer().write(BLOB, first, Math.max(0, Math.min(last - first + 1, 2000)));
            MockResponse.Builder answer = ScriptedRegistry.status(status)
                    .setHeader(
                            "Content-Range", "bytes " + first + "-" + last + "/" + (random.nextInt(5) > 0 ? SIZE : 1));
            if (status == 204) {
                return answer.build();
            }
            return (random.nextBoolean() ? answer.chunkedBody(body, 1 + random.nextInt(500)) : answer.body(body))
                    .build();
        }
    }
}
