package dev.sluice.snapshot;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves containerd on a unix socket that its owner alone may use. Closing it lets the running calls end, for a bounded time, and
 * removes the socket. Safe for use by many threads.
 */
public final class SnapshotServer implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(SnapshotServer.class);

    private static final int MAX_MESSAGE = 16 << 20;
    private static final int GRACE_SECONDS = 10;

    private final SocketFile socket;
    private final Server server;
    private final MultiThreadIoEventLoopGroup eventLoops;
    private final ExecutorService calls;

    private SnapshotServer(
            SocketFile socket, Server server, MultiThreadIoEventLoopGroup eventLoops, ExecutorService calls) {
        this.socket = socket;
        this.server = server;
        this.eventLoops = eventLoops;
        this.calls = calls;
    }

    /**
     * Starts to serve. A socket file on which nobody listens is replaced, a missing directory made.
     *
     * @param path of the socket, absolute, less than 90 bytes
     * @throws IOException if somebody listens there already, something else than a socket is there, or it cannot be made
     */
    public static SnapshotServer start(Path path, BindableService... services) throws IOException {
        SocketFile socket = SocketFile.reserve(path);
        MultiThreadIoEventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        AtomicInteger number = new AtomicInteger();
        ExecutorService calls =
                Executors.newCachedThreadPool(task -> new Thread(task, "snapshots-" + number.incrementAndGet()));
        NettyServerBuilder server = NettyServerBuilder.forAddress(socket.unborn())
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(eventLoops)
                .workerEventLoopGroup(eventLoops)
                .executor(calls)
                .maxInboundMessageSize(MAX_MESSAGE);
        for (BindableService service : services) {
            server.addService(ServerInterceptors.intercept(service, new Namespaces()));
        }
        SnapshotServer starting = new SnapshotServer(socket, server.build(), eventLoops, calls);
        try {
            starting.server.start();
            socket.publish();
            return starting;
        } catch (IOException | RuntimeException e) {
            starting.close();
            throw new IOException("Tried to listen on " + path + " but failed because: " + e.getMessage(), e);
        }
    }

    /** Lets running calls end, then closes all connections and removes the socket. */
    @Override
    public void close() throws IOException {
        socket.close();
        stop();
    }

    private void stop() {
        server.shutdown();
        try {
            if (!server.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
                server.shutdownNow();
            }
            // A call whose client has gone still runs; it may write to what the caller closes next.
            calls.shutdown();
            if (!calls.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS)) {
                log.warn("Calls are still running {} seconds after the server was closed", 2 * GRACE_SECONDS);
            }
        } catch (InterruptedException e) {
            server.shutdownNow();
            calls.shutdownNow();
            Thread.currentThread().interrupt();
        }
        eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(GRACE_SECONDS, TimeUnit.SECONDS);
    }
}
