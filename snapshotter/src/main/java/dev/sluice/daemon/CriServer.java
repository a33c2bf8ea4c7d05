package dev.sluice.daemon;

import dev.sluice.credentials.CriPassThrough;
import dev.sluice.credentials.PulledCredentials;
import dev.sluice.snapshot.SocketFile;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The socket that the kubelet sends its image service's calls to, and the connection to containerd, who serves them. */
final class CriServer implements AutoCloseable {
    /** What kubelet and containerd allow. */
    private static final int MAX_MESSAGE = 16 << 20;

    private static final int GRACE_SECONDS = 2;

    private final SocketFile socket;
    private final Server server;
    private final ManagedChannel containerd;
    private final MultiThreadIoEventLoopGroup eventLoop;

    private CriServer(
            SocketFile socket, Server server, ManagedChannel containerd, MultiThreadIoEventLoopGroup eventLoop) {
        this.socket = socket;
        this.server = server;
        this.containerd = containerd;
        this.eventLoop = eventLoop;
    }

    /** @throws IOException if the socket cannot be had */
    static CriServer start(Path address, Path containerdAddress, PulledCredentials pulled) throws IOException {
        SocketFile socket = SocketFile.reserve(address);
        MultiThreadIoEventLoopGroup eventLoop =
                new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("cri", true), NioIoHandler.newFactory());
        ManagedChannel containerd = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(containerdAddress))
                .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .overrideAuthority("localhost")
                .usePlaintext()
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE)
                .build();
        Server server = NettyServerBuilder.forAddress(socket.unborn())
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(eventLoop)
                .workerEventLoopGroup(eventLoop)
                .directExecutor()
                .maxInboundMessageSize(MAX_MESSAGE)
                .fallbackHandlerRegistry(new CriPassThrough(containerd, pulled))
                .build();
        CriServer starting = new CriServer(socket, server, containerd, eventLoop);
        try {
            server.start();
            socket.publish();
            return starting;
        } catch (IOException | RuntimeException e) {
            starting.close();
            throw new IOException("Tried to listen on " + address + " but failed because: " + e.getMessage(), e);
        }
    }

    /** Ends all calls: a pull may take as long as it likes, and its client tries again. */
    @Override
    public void close() throws IOException {
        socket.close();
        server.shutdownNow();
        containerd.shutdownNow();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(GRACE_SECONDS, TimeUnit.SECONDS);
    }
}
