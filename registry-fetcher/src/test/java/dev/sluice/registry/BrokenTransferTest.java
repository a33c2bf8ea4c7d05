package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that break, stall or drip, servers that are out of order, and readers that give up. */
class BrokenTransferTest {
    private static final int SIZE = 1 << 20;
    private static final byte[] BLOB = bytes();
    private static final Descriptor DESCRIPTOR = new Descriptor("application/octet-stream", Digest.sha256(BLOB), SIZE);

    private final FakeTime time = new FakeTime();
    private final ScriptedRegistry registry = new ScriptedRegistry();
    private final RegistryClient client = registry.client(time);
    private final RemoteBlob blob = client.openBlob(registry.image("v1"), DESCRIPTOR);

    BrokenTransferTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private static byte[] bytes() {
        byte[] bytes = new byte[SIZE];
        new Random(7).nextBytes(bytes);
        return bytes;
    }

    private static byte[] read(RemoteBlob blob, long offset, int length) throws IOException {
        try (ReadableByteChannel channel = blob.read(offset, length, false)) {
            ByteBuffer into = ByteBuffer.allocate(length + 1);
            while (channel.read(into) >= 0) {
                assertThat(into.hasRemaining()).isTrue();
            }
            return Arrays.copyOf(into.array(), into.position());
        }
    }

    /** An answer whose connection closes after half of its body. */
    private static MockResponse.Builder halfOf(int offset, int length) {
        return ScriptedRegistry.partial(BLOB, offset, length).onResponseBody(new SocketEffect.CloseSocket());
    }

    private long resumedAt() throws InterruptedException {
        String range = String.valueOf(registry.request().getHeaders().get("Range"));
        return Long.parseLong(range.substring("bytes=".length(), range.indexOf('-')));
    }

    @Test
    void goesOnWhereTheTransferBroke() throws Exception {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return (request == 0 ? halfOf(offset, length) : ScriptedRegistry.partial(BLOB, offset, length)).build();
            }
        });

        assertThat(read(blob, 100, 800_000)).isEqualTo(Arrays.copyOfRange(BLOB, 100, 800_100));
        assertThat(resumedAt()).isEqualTo(100);
        assertThat(resumedAt()).isBetween(200_000L, 400_100L);
        assertThat(time.pauses).hasSize(1);
    }

    @Test
    void goesOnAsLongAsThereIsProgress() throws Exception {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                // Claims everything that was asked for, delivers 40,000 bytes.
                return length <= 40_000
                        ? ScriptedRegistry.partial(BLOB, offset, length).build()
                        : ScriptedRegistry.partial(BLOB, offset, length)
                                .body(new Buffer().write(BLOB, offset, 40_000))
                                .setHeader("Content-Length", length)
                                .onResponseEnd(new SocketEffect.CloseSocket())
                                .build();
            }
        });

        assertThat(read(blob, 0, 1_000_000)).isEqualTo(Arrays.copyOf(BLOB, 1_000_000));
        assertThat(registry.requests()).isGreaterThan(20);
    }

    @Test
    void waitsForARegistryThatIsRestartedIfThereIsNothingElseToDo() throws Exception {
        RegistryClient hasty = registry.client(
                time,
                CredentialSource.anonymous(),
                RegistryOptions.defaults()
                        .withRetries(new RegistryOptions.Retries(
                                0, Duration.ofSeconds(1), Duration.ofSeconds(1), Duration.ofSeconds(1)))
                        .withPatience(Duration.ofSeconds(30)));
        try (hasty) {
            RemoteBlob patient =
                    hasty.openBlob(registry.image("v1"), DESCRIPTOR).patiently();
            for (int i = 0; i < 20; i++) {
                registry.answers(ScriptedRegistry.status(503));
            }
            registry.answers(ScriptedRegistry.partial(BLOB, 0, 1000));
            assertThat(read(patient, 0, 1000)).isEqualTo(Arrays.copyOf(BLOB, 1000));

            for (int i = 0; i < 1000; i++) {
                registry.answers(ScriptedRegistry.status(503));
            }
            assertThatThrownBy(() -> read(patient, 0, 1000)).isInstanceOf(RegistryException.Unavailable.class);
            assertThat(time.nanoTime()).isGreaterThan(Duration.ofSeconds(30).toNanos());
        }
    }

    @Test
    void givesUpIfThereIsHardlyAnyProgress() {
        registry.server().setDispatcher(new RangeServer() {
            @Override
            MockResponse answer(int request, int offset, int length) {
                return ScriptedRegistry.partial(BLOB, offset, length)
                        .body(new Buffer().write(BLOB, offset, 1000))
                        .setHeader("Content-Length", length)
                        .onResponseEnd(new SocketEffect.CloseSocket())
                        .build();
            }
        });

        assertThatThrownBy(() -> read(blob, 0, 1_000_000))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageStartingWith("Tried to read bytes 0-999999 of blob " + DESCRIPTOR.digest() + " from "
                        + registry.host() + " but failed because: the transfer broke at byte ");
        assertThat(registry.requests()).isEqualTo(6);
    }

    @Test
    void takesAnEarlyEndOfAChunkedBodyForABreak() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, 100_000)
                        .chunkedBody(new Buffer().write(BLOB, 0, 50_000), 10_000))
                .answers(ScriptedRegistry.partial(BLOB, 50_000, 50_000));

        assertThat(read(blob, 0, 100_000)).isEqualTo(Arrays.copyOf(BLOB, 100_000));
    }

    @Test
    void triesAgainWhenTheConnectionBreaksBeforeTheAnswer() throws Exception {
        registry.answers(ScriptedRegistry.status(200).onResponseStart(new SocketEffect.CloseSocket()))
                .answers(ScriptedRegistry.partial(BLOB, 0, 1000));

        assertThat(read(blob, 0, 1000)).isEqualTo(Arrays.copyOf(BLOB, 1000));
        assertThat(registry.requests()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {408, 429, 500, 502, 503, 504})
    void triesAgainWhatMayPass(int status) throws Exception {
        registry.answers(ScriptedRegistry.status(status).setHeader("Retry-After", 3))
                .answers(ScriptedRegistry.partial(BLOB, 0, 1000));

        assertThat(read(blob, 0, 1000)).isEqualTo(Arrays.copyOf(BLOB, 1000));
        assertThat(time.pauses).containsExactly(Duration.ofSeconds(3));
    }

    @Test
    void waitsUntilTheDateThatTheServerNames() throws Exception {
        registry.answers(ScriptedRegistry.status(429).setHeader("Retry-After", "Thu, 01 Jan 2026 00:00:12 GMT"))
                .answers(ScriptedRegistry.partial(BLOB, 0, 1000));

        read(blob, 0, 1000);

        assertThat(time.pauses).containsExactly(Duration.ofSeconds(12));
    }

    @Test
    void doesNotWaitForAServerThatAsksForTooMuch() {
        registry.answers(ScriptedRegistry.status(429).setHeader("Retry-After", 31));

        assertThatThrownBy(() -> read(blob, 0, 1000))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageContaining("429");
        assertThat(time.pauses).isEmpty();
    }

    @Test
    void givesUpOnAServerThatStaysOutOfOrder() {
        for (int i = 0; i < 6; i++) {
            registry.answers(ScriptedRegistry.status(500));
        }

        assertThatThrownBy(() -> read(blob, 0, 1000))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageContaining("the registry answered 500");
        assertThat(time.pauses).hasSize(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 451, 501})
    void doesNotTryAgainWhatWillNotPass(int status) {
        registry.answers(ScriptedRegistry.status(status));

        assertThatThrownBy(() -> read(blob, 0, 1000)).isInstanceOf(RegistryException.Protocol.class);
        assertThat(registry.requests()).isEqualTo(1);
    }

    @Test
    void tellsThatNobodyListens() throws Exception {
        ScriptedRegistry gone = new ScriptedRegistry();
        gone.close();

        assertThatThrownBy(() -> client.manifest(gone.image("v1")))
                .isInstanceOf(RegistryException.Unavailable.class)
                .hasMessageStartingWith("Tried to fetch the manifest " + gone.image("v1") + " from " + gone.host());
        assertThat(time.pauses).hasSize(5);
    }

    @Test
    void doesNotWaitForAnAnswerForever() throws Exception {
        try (RegistryClient impatient = impatient()) {
            registry.answers(ScriptedRegistry.status(200).onResponseStart(SocketEffect.Stall.INSTANCE))
                    .answers(ScriptedRegistry.partial(BLOB, 0, 1000));

            assertThat(read(impatient.openBlob(registry.image("v1"), DESCRIPTOR), 0, 1000))
                    .isEqualTo(Arrays.copyOf(BLOB, 1000));
        }
    }

    @Test
    void goesOnWhenATransferStalls() throws Exception {
        try (RegistryClient impatient = impatient()) {
            registry.server().setDispatcher(new RangeServer() {
                @Override
                MockResponse answer(int request, int offset, int length) {
                    MockResponse.Builder answer = ScriptedRegistry.partial(BLOB, offset, length);
                    return request == 0
                            ? answer.onResponseBody(SocketEffect.Stall.INSTANCE).build()
                            : answer.build();
                }
            });

            assertThat(read(impatient.openBlob(registry.image("v1"), DESCRIPTOR), 0, SIZE))
                    .isEqualTo(BLOB);
            assertThat(registry.requests()).isEqualTo(2);
        }
    }

    @Test
    void endsATransferThatDrips() {
        RegistryOptions options = ScriptedRegistry.impatient(Duration.ofMillis(400))
                .withRetries(new RegistryOptions.Retries(
                        1, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(1)));
        RegistryClient impatient = registry.client(TimeSource.SYSTEM, CredentialSource.anonymous(), options);
        try (impatient) {
            registry.server().setDispatcher(new RangeServer() {
                @Override
                MockResponse answer(int request, int offset, int length) {
                    // Each byte is in time for the timeouts of the socket.
                    return ScriptedRegistry.partial(BLOB, offset, length)
                            .throttleBody(1, 20, TimeUnit.MILLISECONDS)
                            .build();
                }
            });

            assertThatThrownBy(() -> read(impatient.openBlob(registry.image("v1"), DESCRIPTOR), 0, SIZE))
                    .isInstanceOf(RegistryException.Unavailable.class)
                    .hasMessageContaining("stalled");
        }
    }

    @Test
    void endsAnAnswerWhoseHeadDrips() throws Exception {
        try (DrippingServer dripping = new DrippingServer();
                RegistryClient impatient = registry.client(
                        TimeSource.SYSTEM,
                        CredentialSource.anonymous(),
                        ScriptedRegistry.impatient(Duration.ofMillis(300))
                                .withPlainHttpHosts(Set.of(dripping.host())))) {
            ImageReference image = ImageReference.parse(dripping.host() + "/a:v1");
            Deadline deadline = Deadline.after(Duration.ofMillis(300));

            assertThatThrownBy(() -> impatient.manifest(image, deadline))
                    .isInstanceOf(RegistryException.Unavailable.class)
                    .hasMessageContaining("no complete answer within");
        }
    }

    @Test
    void doesNotCutASlowTransferThatMoves() throws Exception {
        // Takes several times as long as a request may, and as a stall may.
        RegistryOptions.Timeouts defaults = RegistryOptions.Timeouts.defaults();
        RegistryOptions options = RegistryOptions.defaults()
                .withTimeouts(new RegistryOptions.Timeouts(
                        defaults.connect(), Duration.ofMillis(400), defaults.operation(), Duration.ofMillis(400), 1));
        registry.answers(ScriptedRegistry.partial(BLOB, 0, SIZE).throttleBody(SIZE / 20, 50, TimeUnit.MILLISECONDS));
        RegistryClient impatient = registry.client(TimeSource.SYSTEM, CredentialSource.anonymous(), options);
        try (impatient) {
            assertThat(read(impatient.openBlob(registry.image("v1"), DESCRIPTOR), 0, SIZE))
                    .isEqualTo(BLOB);
        }
    }

    @Test
    void endsAWholeBlobAtItsDeadline() {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, SIZE).throttleBody(20_000, 50, TimeUnit.MILLISECONDS));

        assertThatThrownBy(() ->
                        client.blob(registry.image("v1"), DESCRIPTOR, SIZE, Deadline.after(Duration.ofMillis(300))))
                .isInstanceOf(RegistryException.Unavailable.class);
    }

    @Test
    void wakesAReaderWhenItIsClosed() throws Exception {
        registry.answers(ScriptedRegistry.partial(BLOB, 0, SIZE).onResponseBody(SocketEffect.Stall.INSTANCE));
        ReadableByteChannel channel = blob.read(0, SIZE, false);
        CountDownLatch stalled = new CountDownLatch(1);
        CompletableFuture<Boolean> reader = CompletableFuture.supplyAsync(() -> {
            ByteBuffer into = ByteBuffer.allocate(SIZE);
            return endsInClose(() -> {
                int read = channel.read(into);
                if (into.position() >= SIZE / 2) {
                    stalled.countDown();
                }
                return read;
            });
        });
        stalled.await();

        channel.close();

        assertThat(reader.get(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void wakesAReaderThatWaitsForAnotherTry() throws Exception {
        RegistryOptions patient = RegistryOptions.defaults()
                .withRetries(new RegistryOptions.Retries(
                        5, Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMinutes(1)));
        registry.answers(halfOf(0, SIZE)).answers(ScriptedRegistry.status(503).setHeader("Retry-After", 50));
        RegistryClient real = registry.client(TimeSource.SYSTEM, CredentialSource.anonymous(), patient);
        try (real) {
            ReadableByteChannel channel =
                    real.openBlob(registry.image("v1"), DESCRIPTOR).read(0, SIZE, false);
            ByteBuffer into = ByteBuffer.allocate(SIZE);
            CompletableFuture<Boolean> reader =
                    CompletableFuture.supplyAsync(() -> endsInClose(() -> channel.read(into)));
            registry.request();
            registry.request();

            channel.close();

            assertThat(reader.get(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static boolean endsInClose(Callable<Integer> read) {
        try {
            int last = 0;
            while (last >= 0) {
                last = read.call();
            }
            return false;
        } catch (ClosedChannelException e) {
            return true;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private RegistryClient impatient() {
        return registry.client(
                TimeSource.SYSTEM, CredentialSource.anonymous(), ScriptedRegistry.impatient(Duration.ofMillis(500)));
    }
}
