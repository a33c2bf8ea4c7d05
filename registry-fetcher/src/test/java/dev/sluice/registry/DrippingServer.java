package dev.sluice.registry;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Begins an HTTP answer and then adds a byte to its head now and then, for as long as anybody listens. */
final class DrippingServer implements AutoCloseable {
    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final CountDownLatch closed = new CountDownLatch(1);

    DrippingServer() throws IOException {
        Thread thread = new Thread(this::serve, "dripping-server");
        thread.setDaemon(true);
        thread.start();
    }

    String host() {
        return "127.0.0.1:" + socket.getLocalPort();
    }

    private void serve() {
        while (closed.getCount() > 0) {
            try (Socket connection = socket.accept()) {
                OutputStream out = connection.getOutputStream();
                out.write("HTTP/1.1 200 OK\r\nX-Slow: ".getBytes(StandardCharsets.US_ASCII));
                while (!closed.await(20, TimeUnit.MILLISECONDS)) {
                    out.write('x');
                }
            } catch (IOException e) {
                // The client went away, which is what the test is about; the next one may come.
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    @Override
    public void close() throws IOException {
        closed.countDown();
        socket.close();
    }
}
