package dev.sluice.snapshot;

import dev.sluice.linux.Linux;
import dev.sluice.mount.DiskUsage;
import dev.sluice.proto.containerd.snapshots.CleanupRequest;
import dev.sluice.proto.containerd.snapshots.CommitSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.snapshots.ListSnapshotsRequest;
import dev.sluice.proto.containerd.snapshots.MountsRequest;
import dev.sluice.proto.containerd.snapshots.PrepareSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.RemoveSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc;
import dev.sluice.proto.containerd.snapshots.SnapshotsGrpc.SnapshotsBlockingStub;
import dev.sluice.proto.containerd.snapshots.StatSnapshotRequest;
import dev.sluice.proto.containerd.snapshots.UsageRequest;
import dev.sluice.proto.containerd.snapshots.UsageResponse;
import dev.sluice.proto.containerd.snapshots.ViewSnapshotRequest;
import dev.sluice.proto.containerd.types.Mount;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The snapshots service on a real socket, with a client and lazy layers that are directories. */
final class SnapshotHarness implements AutoCloseable {
    private static final Linux LINUX = Linux.load();

    private final Path root;
    private final DirectoryLayers layers;
    private final Snapshots snapshots;
    private final SnapshotServer server;
    private final MultiThreadIoEventLoopGroup eventLoops;
    private final ManagedChannel channel;

    /** @param directory holds everything; a second harness in it continues where the first one stopped */
    SnapshotHarness(Path directory) throws IOException {
        root = Files.createDirectories(directory.resolve("root"));
        layers = new DirectoryLayers(Files.createDirectories(directory.resolve("layers")));
        snapshots = Snapshots.open(root, layers, new DiskUsage(LINUX), Clock.systemUTC());
        server = SnapshotServer.start(socket(), new SnapshotsService(snapshots));
        eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket()))
                .eventLoopGroup(eventLoops)
                .channelType(NioDomainSocketChannel.class)
                .usePlaintext()
                .build();
    }

    /** Ends the client's connection; calls under way fail. */
    void disconnect() {
        channel.shutdownNow();
    }

    Path root() {
        return root;
    }

    Path socket() {
        return root.resolve("socket");
    }

    DirectoryLayers layers() {
        return layers;
    }

    /** The client of a namespace. */
    SnapshotsBlockingStub client(String namespace) {
        Metadata metadata = new Metadata();
        metadata.put(Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER), namespace);
        return SnapshotsGrpc.newBlockingStub(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(metadata));
    }

    SnapshotsBlockingStub client() {
        return client("default");
    }

    List<Mount> prepare(String key, String parent, Map<String, String> labels) {
        return prepare("default", key, parent, labels);
    }

    List<Mount> prepare(String namespace, String key, String parent, Map<String, String> labels) {
        return client(namespace)
                .prepare(PrepareSnapshotRequest.newBuilder()
                        .setKey(key)
                        .setParent(parent)
                        .putAllLabels(labels)
                        .build())
                .getMountsList();
    }

    List<Mount> prepare(String key, String parent) {
        return prepare(key, parent, Map.of());
    }

    List<Mount> view(String key, String parent) {
        return client().view(ViewSnapshotRequest.newBuilder()
                        .setKey(key)
                        .setParent(parent)
                        .build())
                .getMountsList();
    }

    List<Mount> mounts(String key) {
        return client().mounts(MountsRequest.newBuilder().setKey(key).build()).getMountsList();
    }

    void commit(String name, String key) {
        commit(name, key, Map.of());
    }

    void commit(String name, String key, Map<String, String> labels) {
        client().commit(CommitSnapshotRequest.newBuilder()
                .setName(name)
                .setKey(key)
                .putAllLabels(labels)
                .build());
    }

    void remove(String key) {
        client().remove(RemoveSnapshotRequest.newBuilder().setKey(key).build());
    }

    Info stat(String key) {
        return client().stat(StatSnapshotRequest.newBuilder().setKey(key).build())
                .getInfo();
    }

    UsageResponse usage(String key) {
        return client().usage(UsageRequest.newBuilder().setKey(key).build());
    }

    void cleanup() {
        client().cleanup(CleanupRequest.getDefaultInstance());
    }

    List<Info> list(String... filters) {
        return listOf("default", filters);
    }

    List<Info> listOf(String namespace, String... filters) {
        List<Info> all = new ArrayList<>();
        client(namespace)
                .list(ListSnapshotsRequest.newBuilder()
                        .addAllFilters(List.of(filters))
                        .build())
                .forEachRemaining(batch -> all.addAll(batch.getInfoList()));
        return all;
    }

    /** The writable directory of an active snapshot. */
    static Path upper(List<Mount> mounts) {
        Mount last = mounts.get(mounts.size() - 1);
        return last.getType().equals("bind") ? Path.of(last.getSource()) : Path.of(option(last, "upperdir"));
    }

    static List<String> lowers(Mount overlay) {
        return List.of(option(overlay, "lowerdir").split(":", -1));
    }

    private static String option(Mount mount, String name) {
        return mount.getOptionsList().stream()
                .filter(option -> option.startsWith(name + "="))
                .map(option -> option.substring(name.length() + 1))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no option " + name + " in " + mount));
    }

    @Override
    public void close() throws IOException, InterruptedException {
        channel.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
        eventLoops.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
        server.close();
        snapshots.close();
    }
}
