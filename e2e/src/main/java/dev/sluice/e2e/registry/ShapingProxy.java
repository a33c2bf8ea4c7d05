package dev.sluice.e2e.registry;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A TCP proxy on the loopback interface that behaves like a path with latency and limited bandwidth.
 *
 * <p>Each byte takes half of the round trip in its direction, so data in flight is delayed, not serialized. A new connection costs
 * one round trip more, for the handshake that the loopback interface completes at once. The bandwidth is shared by all
 * connections. Loss and slow start are not modelled, which favours neither few long nor many short transfers. Thread-safe.
 */
public final class ShapingProxy implements AutoCloseable {

    private static final int BACKLOG = 512;
    private static final int MIN_WINDOW = 64;

    private final Shape shape;
    private final InetSocketAddress upstream;
    private final ServerSocket server;
    private final Link up;
    private final Link down;
    private final AtomicLong connections = new AtomicLong();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private ShapingProxy(Shape shape, InetSocketAddress upstream, ServerSocket server) {
        long now = System.nanoTime();
        this.shape = shape;
        this.upstream = upstream;
        this.server = server;
        this.up = new Link(shape.bytesPerSecond(), now);
        this.down = new Link(shape.bytesPerSecond(), now);
    }

    /** Starts to listen on a free loopback port, in front of another loopback port. */
    public static ShapingProxy start(int upstreamPort, Shape shape) throws IOException {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        ShapingProxy proxy = new ShapingProxy(
                shape, new InetSocketAddress(loopback, upstreamPort), new ServerSocket(0, BACKLOG, loopback));
        Pipe.startThread("proxy accept", proxy::accept);
        return proxy;
    }

    public int port() {
        return server.getLocalPort();
    }

    /** Host and port as they stand in an image reference. */
    public String address() {
        return "127.0.0.1:" + port();
    }

    /** Bytes that have left the upstream for clients, protocol headers included. */
    public long bytesDown() {
        return down.bytes();
    }

    /** Bytes that have left clients for the upstream, protocol headers included. */
    public long bytesUp() {
        return up.bytes();
    }

    /** Connections accepted so far. */
    public long connections() {
        return connections.get();
    }

    /** Ends all connections. */
    @Override
    public void close() throws IOException {
        server.close();
        sockets.forEach(ShapingProxy::closeQuietly);
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                long accepted = System.nanoTime();
                connections.incrementAndGet();
                sockets.add(client);
                Pipe.startThread("proxy connect", () -> connect(client, accepted));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void connect(Socket client, long accepted) {
        Socket server = new Socket();
        sockets.add(server);
        Runnable end = () -> end(client, server);
        try {
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
            server.connect(upstream);
            long oneWay = shape.oneWay().toNanos();
            long established = accepted + shape.roundTrip().toNanos();
            Pipe request = new Pipe(client, server, up, oneWay, established, window());
            Pipe response = new Pipe(server, client, down, oneWay, accepted, window());
            Pipe.startPair(request, response, end);
        } catch (IOException e) {
            end.run();
        }
    }

    /** Enough packets to fill the path, and as many again for small ones. */
    private int window() {
        long bytesInFlight = shape.bytesPerSecond() * shape.roundTrip().toMillis() / 1000;
        return Math.toIntExact(MIN_WINDOW + 2 * bytesInFlight / Pipe.PACKET);
    }

    private void end(Socket client, Socket server) {
        closeQuietly(client);
        closeQuietly(server);
        sockets.remove(client);
        sockets.remove(server);
    }

    private static void closeQuietly(Closeable socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // Both ends are gone either way; nobody could do anything about it.
            return;
        }
    }
}
