package dev.sluice.e2e.registry;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * One direction of one connection: a thread puts what it reads on the link, another delivers each packet after its time of
 * flight.
 */
final class Pipe {

    /** Small enough that connections take turns finely, large enough to be cheap. */
    static final int PACKET = 16 * 1024;

    private final Socket from;
    private final Socket to;
    private final Link link;
    private final long flightNanos;
    private final long openAt;
    private final BlockingQueue<Packet> inFlight;

    /**
     * @param flightNanos from the end of the wire to the receiver
     * @param openAt before this time nothing can be sent
     * @param window packets that may be in flight; a receiver that does not read stops the sender after so many
     */
    Pipe(Socket from, Socket to, Link link, long flightNanos, long openAt, int window) {
        this.from = from;
        this.to = to;
        this.link = link;
        this.flightNanos = flightNanos;
        this.openAt = openAt;
        this.inFlight = new LinkedBlockingQueue<>(window);
    }

    /** Runs both directions of a connection; {@code end} is run once, when both have ended or one has failed. */
    static void startPair(Pipe request, Pipe response, Runnable end) {
        AtomicInteger open = new AtomicInteger(2);
        for (Pipe pipe : new Pipe[] {request, response}) {
            startThread("proxy send", pipe::send);
            startThread("proxy deliver", () -> {
                boolean endedCleanly = pipe.deliver();
                if (open.decrementAndGet() == 0 || !endedCleanly) {
                    end.run();
                }
            });
        }
    }

    static void startThread(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void send() {
        try {
            sendAll();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void sendAll() throws InterruptedException {
        sleepUntil(openAt);
        try {
            InputStream in = from.getInputStream();
            byte[] buffer = new byte[PACKET];
            int length = in.read(buffer);
            while (length >= 0) {
                long sent = link.send(length, System.nanoTime());
                inFlight.put(new Packet(buffer, length, sent + flightNanos));
                // Waiting for the wire keeps its queue short, as flow control would.
                sleepUntil(sent);
                buffer = new byte[PACKET];
                length = in.read(buffer);
            }
            inFlight.put(new Packet(buffer, Packet.END, System.nanoTime() + flightNanos));
        } catch (IOException e) {
            inFlight.put(new Packet(new byte[0], Packet.RESET, System.nanoTime() + flightNanos));
        }
    }

    /** Returns whether the stream came to its regular end. */
    private boolean deliver() {
        try {
            OutputStream out = to.getOutputStream();
            while (true) {
                Packet packet = inFlight.take();
                sleepUntil(packet.arrival());
                if (packet.length() == Packet.RESET) {
                    return false;
                }
                if (packet.length() == Packet.END) {
                    to.shutdownOutput();
                    return true;
                }
                out.write(packet.bytes(), 0, packet.length());
            }
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void sleepUntil(long time) {
        long remaining = time - System.nanoTime();
        while (remaining > 0 && !Thread.currentThread().isInterrupted()) {
            LockSupport.parkNanos(remaining);
            remaining = time - System.nanoTime();
        }
    }

    /** @param length bytes used, or {@link #END}, or {@link #RESET} */
    private record Packet(byte[] bytes, int length, long arrival) {

        static final int END = -1;
        static final int RESET = -2;
    }
}
