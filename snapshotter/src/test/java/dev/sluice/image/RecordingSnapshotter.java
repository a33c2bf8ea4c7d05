package dev.sluice.image;

import dev.sluice.proto.containerd.snapshots.PrepareSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.PrepareSnapshotResponse;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc;
import dev.sluice.proto.containerd.snapshots.StatSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.StatSnapshotResponse;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A snapshotter that only tells what containerd asks it for, and refuses. */
final class RecordingSnapshotter extends SnapshotsGrpc.SnapshotsImplBase implements AutoCloseable {
    private final BlockingQueue<Prepared> prepared = new LinkedBlockingQueue<>();
    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final Server server;
    private final Resolver resolver;

    /** @param resolver runs within the call of Prepare */
    RecordingSnapshotter(Path socket, Resolver resolver) throws IOException {
        this.resolver = resolver;
        server = NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioServerDomainSocketChannel.class)
                .bossEventLoopGroup(eventLoop)
                .workerEventLoopGroup(eventLoop)
                .addService(this)
                .build()
                .start();
    }

    /** What containerd asked for next. */
    Prepared next() throws InterruptedException {
        Prepared next = prepared.poll(1, TimeUnit.MINUTES);
        if (next == null) {
            throw new AssertionError("containerd prepares nothing");
        }
        return next;
    }

    @Override
    public void stat(StatSnapshotRequest request, StreamObserver<StatSnapshotResponse> observer) {
        observer.onError(Status.NOT_FOUND.asRuntimeException());
    }

    @Override
    public void prepare(PrepareSnapshotRequest request, StreamObserver<PrepareSnapshotResponse> observer) {
        // namespace/sequence/extract-random chain-ID. Not every containerd sends the namespace's header: Debian's 1.6
        // does not.
        String namespace = request.getKey().split("/", 3)[0];
        String chainId = request.getKey().substring(request.getKey().lastIndexOf(' ') + 1);
        prepared.add(new Prepared(namespace, request.getLabelsMap(), resolve(namespace, request, chainId)));
        observer.onError(Status.ABORTED.asRuntimeException());
    }

    private Resolution resolve(String namespace, PrepareSnapshotRequest request, String chainId) {
        try {
            return resolver.resolve(namespace, request.getLabelsMap(), chainId);
        } catch (IOException e) {
            return new Resolution.NotFound(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public void close() throws InterruptedException {
        server.shutdownNow().awaitTermination();
        eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }

    interface Resolver {
        Resolution resolve(String namespace, Map<String, String> labels, String chainId) throws IOException;
    }

    record Prepared(String namespace, Map<String, String> labels, Resolution resolution) {}
}
