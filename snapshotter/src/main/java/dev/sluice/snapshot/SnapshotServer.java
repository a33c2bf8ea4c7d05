package dev.sluice.snapshot;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.Closeable;
import java.io.IOException;
import java.net.ConnectException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
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

    private final Path socket;
    private final Server server;
    private final MultiThreadIoEventLoopGroup eventLoops;
    private final ExecutorService calls;

    private SnapshotServer(Path socket, Server server, MultiThreadIoEventLoopGroup eventLoops, ExecutorService calls) {
        this.socket = socket;
        this.server = server;
        this.eventLoops = eventLoops;
        this.calls = calls;
    }

    /**
     * Starts to serve. A socket file on which nobody listens is replaced, a missing directory made: {@code /run} is empty after each
     * boot.
     *
     * @param socket an absolute path of less than 90 bytes
     * @throws IOException if somebody listens there already, something else than a socket is there, or it cannot be made
     */
    public static SnapshotServer start(Path socket, BindableService service) throws IOException {
        requireStale(socket);
        // Made where nobody else can connect until it has its permissions, then renamed.
        Path nursery = Files.createTempDirectory(Files.createDirectories(directoryOf(socket)), ".s");
        Path unborn = nursery.resolve("s");
        MultiThreadIoEventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        AtomicInteger number = new AtomicInteger();
        ExecutorService calls =
                Executors.newCachedThreadPool(task -> new Thread(task, "snapshots-" + number.incrementAndGet()));
        SnapshotServer starting = new SnapshotServer(
                socket,
                NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(unborn))
                        .channelType(NioServerDomainSocketChannel.class)
                        .bossEventLoopGroup(eventLoops)
                        .workerEventLoopGroup(eventLoops)
                        .executor(calls)
                        .maxInboundMessageSize(MAX_MESSAGE)
                        .addService(ServerInterceptors.intercept(service, new Namespaces()))
                        .build(),
                eventLoops,
                calls);
        try {
            starting.server.start();
            Files.setPosixFilePermissions(unborn, PosixFilePermissions.fromString("rw-------"));
            Files.move(unborn, socket, ATOMIC_MOVE);
            return starting;
        } catch (IOException | RuntimeException e) {
            starting.stop();
            throw new IOException("Tried to listen on " + socket + " but failed because: " + e.getMessage(), e);
        } finally {
            Files.deleteIfExists(unborn);
            Files.delete(nursery);
        }
    }

    private static void requireStale(Path socket) throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        BasicFileAttributes attributes =
                Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isOther()) {
            throw new IOException("Tried to listen on " + socket + " but failed because: it is not a socket");
        }
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            throw new IOException("Tried to listen on " + socket + " but failed because: somebody listens there, "
                    + client.getRemoteAddress());
        } catch (ConnectException e) {
            Files.delete(socket);
        }
    }

    private static Path directoryOf(Path socket) throws IOException {
        Path directory = socket.getParent();
        if (directory == null) {
            throw new IOException("Tried to listen on " + socket + " but failed because: the path is not absolute");
        }
        return directory;
    }

    /** Lets running calls end, then closes all connections and removes the socket. */
    @Override
    public void close() throws IOException {
        Files.deleteIfExists(socket);
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
