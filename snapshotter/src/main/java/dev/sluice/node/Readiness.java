package dev.sluice.node;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Asks the daemon whether it is ready: {@code GET /readyz} at its admin socket. */
final class Readiness {
    private static final Duration WITHIN = Duration.ofSeconds(10);
    private static final int MAX_ANSWER = 16 << 10;
    private static final String END_OF_HEAD = "\r\n\r\n";

    private Readiness() {}

    /**
     * What the daemon objects to, on one line; empty if it is ready. Blocks for some seconds at most.
     *
     * @throws IOException if no daemon answers; the message is one sentence
     */
    static Optional<String> ask(Path socket) throws IOException {
        String answer;
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            ByteBuffer request = StandardCharsets.US_ASCII.encode(
                    "GET /readyz HTTP/1.1\r\nHost: sluice\r\nConnection: close\r\n\r\n");
            while (request.hasRemaining()) {
                channel.write(request);
            }
            answer = read(channel);
        } catch (IOException e) {
            throw new IOException("no daemon answers at " + socket + ": " + e.getMessage(), e);
        }
        String[] status = answer.split(" ", 3);
        if (status.length < 3 || !status[0].startsWith("HTTP/1.")) {
            throw new IOException("who answers at " + socket + " is no daemon of Sluice");
        }
        if (status[1].equals("200")) {
            return Optional.empty();
        }
        int body = answer.indexOf(END_OF_HEAD);
        String reasons = body < 0 ? "" : answer.substring(body + END_OF_HEAD.length());
        return Optional.of(reasons.strip().replaceAll("\\s*\\R\\s*", "; "));
    }

    private static String read(SocketChannel channel) throws IOException {
        ByteBuffer answer = ByteBuffer.allocate(MAX_ANSWER);
        long end = System.nanoTime() + WITHIN.toNanos();
        channel.configureBlocking(false);
        try (Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_READ);
            while (answer.hasRemaining() && channel.read(answer) >= 0) {
                long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
                if (left <= 0) {
                    throw new IOException("no answer within " + WITHIN.toSeconds() + " seconds");
                }
                selector.select(left);
                selector.selectedKeys().clear();
            }
        }
        return StandardCharsets.UTF_8.decode(answer.flip()).toString();
    }
}
