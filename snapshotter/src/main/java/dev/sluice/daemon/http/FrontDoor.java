package dev.sluice.daemon.http;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.local.LocalAddress;
import io.netty.channel.local.LocalIoHandler;
import io.netty.channel.local.LocalServerChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** Serves gRPC and HTTP pages at one address. Safe for use by many threads. */
public final class FrontDoor implements Closeable {
    /** More at once would only wait for each other. */
    private static final int PAGE_THREADS = 2;

    private static final int GRACE_SECONDS = 2;

    private final MultiThreadIoEventLoopGroup loops = loops("admin", NioIoHandler.newFactory());
    private final MultiThreadIoEventLoopGroup localLoops = loops("admin-grpc", LocalIoHandler.newFactory());
    private final ExecutorService pageThreads = Executors.newFixedThreadPool(PAGE_THREADS, task -> {
        Thread thread = new Thread(task, "pages");
        thread.setDaemon(true);
        return thread;
    });
    private final Server grpc;

    private FrontDoor(List<BindableService> services) {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new LocalAddress(FrontDoor.class))
                .channelType(LocalServerChannel.class)
                .bossEventLoopGroup(localLoops)
                .workerEventLoopGroup(localLoops);
        services.forEach(builder::addService);
        grpc = builder.build();
    }

    /**
     * Starts to serve.
     *
     * @param address to be bound
     * @param type of channel for that kind of address
     * @param pages by their paths
     * @throws IOException if the address cannot be had
     */
    public static FrontDoor open(
            SocketAddress address,
            Class<? extends ServerChannel> type,
            List<BindableService> services,
            Map<String, Page> pages)
            throws IOException {
        FrontDoor door = new FrontDoor(services);
        try {
            door.grpc.start();
            door.bind(address, type, Map.copyOf(pages));
            return door;
        } catch (IOException | RuntimeException e) {
            door.close();
            throw e;
        }
    }

    private void bind(SocketAddress address, Class<? extends ServerChannel> type, Map<String, Page> pages)
            throws IOException {
        LocalAddress local = (LocalAddress) grpc.getListenSockets().get(0);
        ChannelFuture bound = new ServerBootstrap()
                .group(loops)
                .channel(type)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline()
                                .addLast(new ProtocolSwitch(
                                        local, localLoops, () -> new PageHandler(pages, pageThreads)));
                    }
                })
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "Tried to listen on " + address + " but failed because: "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
    }

    private static MultiThreadIoEventLoopGroup loops(String name, IoHandlerFactory handlers) {
        return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), handlers);
    }

    /** Closes all connections. */
    @Override
    public void close() {
        grpc.shutdownNow();
        pageThreads.shutdownNow();
        for (MultiThreadIoEventLoopGroup group : List.of(loops, localLoops)) {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(GRACE_SECONDS, TimeUnit.SECONDS);
        }
    }
}
