package dev.sluice.e2e.registry;

import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The connection that an answer goes out on. Used by one thread. */
final class Wire {
    private final Socket socket;
    private final OutputStream out;
    private final CountDownLatch over;
    private boolean open = true;

    /** @param over ends all pauses */
    Wire(Socket socket, CountDownLatch over) throws IOException {
        this.socket = socket;
        this.out = socket.getOutputStream();
        this.over = over;
    }

    void send(Answer answer) throws IOException {
        sendHead(answer);
        write(answer.body(), 0, answer.body().length);
    }

    void sendHead(Answer answer) throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 " + answer.status() + " Answer\r\n");
        answer.headers()
                .forEach((name, value) ->
                        head.append(name).append(": ").append(value).append("\r\n"));
        out.write(head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    void write(byte[] bytes, int offset, int length) throws IOException {
        out.write(bytes, offset, length);
        out.flush();
    }

    /** Waits, but not longer than the registry lives. */
    void pause(Duration duration) throws IOException {
        try {
            if (over.await(duration.toNanos(), TimeUnit.NANOSECONDS)) {
                close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
        }
    }

    /** Ends the connection as an orderly server does. */
    void close() throws IOException {
        open = false;
        socket.close();
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        close();
    }

    /** Whether another request may come. */
    boolean isOpen() {
        return open;
    }
}
