package dev.sluice.e2e.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Only lower bounds of time are asserted: a busy machine may take longer, but never less. */
class ShapingProxyTest {

    private static final long FAST = 1_000_000_000;

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private ServerSocket echo = bind();

    @BeforeEach
    void startEcho() {
        threads.execute(() -> {
            while (!echo.isClosed()) {
                try {
                    Socket client = echo.accept();
                    threads.execute(() -> echo(client));
                } catch (IOException closed) {
                    return;
                }
            }
        });
    }

    @AfterEach
    void stopEcho() throws IOException {
        echo.close();
        threads.shutdownNow();
    }

    @Test
    void bytesAndTheirEndArriveUnchanged() throws Exception {
        byte[] sent = random(3_000_001);
        try (ShapingProxy proxy = ShapingProxy.start(echo.getLocalPort(), new Shape(Duration.ofMillis(2), FAST))) {
            assertThat(exchange(proxy, sent)).isEqualTo(sent);
            assertThat(proxy.bytesUp()).isEqualTo(sent.length);
            assertThat(proxy.bytesDown()).isEqualTo(sent.length);
            assertThat(proxy.connections()).isEqualTo(1);
        }
    }

    @Test
    void theFirstExchangeTakesTwoRoundTripsAndEachFurtherOneTakesOne() throws Exception {
        Duration roundTrip = Duration.ofMillis(60);
        try (ShapingProxy proxy = ShapingProxy.start(echo.getLocalPort(), new Shape(roundTrip, FAST));
                Socket client = connect(proxy)) {
            long start = System.nanoTime();
            ping(client);
            long connected = System.nanoTime();
            ping(client);
            long done = System.nanoTime();

            assertThat(Duration.ofNanos(connected - start))
                    .isGreaterThanOrEqualTo(roundTrip.multipliedBy(2).minusMillis(1));
            assertThat(Duration.ofNanos(done - connected)).isGreaterThanOrEqualTo(roundTrip);
        }
    }

    @Test
    void dataInFlightIsDelayedNotSerialized() throws Exception {
        byte[] manyPackets = random(100 * Pipe.PACKET);
        Duration roundTrip = Duration.ofMillis(200);
        try (ShapingProxy proxy = ShapingProxy.start(echo.getLocalPort(), new Shape(roundTrip, FAST))) {
            long start = System.nanoTime();
            exchange(proxy, manyPackets);

            // One after the other would take 100 times 100 ms in each direction.
            assertThat(Duration.ofNanos(System.nanoTime() - start))
                    .isBetween(roundTrip.multipliedBy(2).minusMillis(1), Duration.ofSeconds(10));
        }
    }

    @Test
    void allConnectionsTogetherGetTheBandwidthOfOne() throws Exception {
        byte[] each = random(500_000);
        long bytesPerSecond = 10_000_000;
        try (ShapingProxy proxy = ShapingProxy.start(echo.getLocalPort(), new Shape(Duration.ZERO, bytesPerSecond))) {
            long start = System.nanoTime();
            var answers = IntStream.range(0, 8)
                    .mapToObj(i -> threads.submit(() -> exchange(proxy, each)))
                    .toList();
            for (Future<byte[]> answer : answers) {
                assertThat(Arrays.equals(answer.get(), each)).isTrue();
            }

            // 4 MB at 10 MB/s, less the few milliseconds that a sender may catch up.
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(390));
        }
    }

    @Test
    void closingEndsConnections() throws Exception {
        try (ShapingProxy proxy = ShapingProxy.start(echo.getLocalPort(), new Shape(Duration.ZERO, FAST));
                Socket client = connect(proxy)) {
            ping(client);
            proxy.close();

            assertThat(endOf(client)).isTrue();
        }
    }

    private static boolean endOf(Socket client) {
        try {
            return client.getInputStream().read() < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    private byte[] exchange(ShapingProxy proxy, byte[] sent) throws IOException {
        try (Socket client = connect(proxy)) {
            threads.execute(() -> {
                try {
                    client.getOutputStream().write(sent);
                    client.shutdownOutput();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            return client.getInputStream().readAllBytes();
        }
    }

    private static void ping(Socket client) throws IOException {
        client.getOutputStream().write(7);
        assertThat(client.getInputStream().read()).isEqualTo(7);
    }

    private static Socket connect(ShapingProxy proxy) throws IOException {
        return new Socket(InetAddress.getLoopbackAddress(), proxy.port());
    }

    private static void echo(Socket client) {
        try (client) {
            client.getInputStream().transferTo(client.getOutputStream());
        } catch (IOException closed) {
            return;
        }
    }

    private static ServerSocket bind() {
        try {
            return new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
