package dev.sluice.daemon;

import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.mount.LayerStatus;
import dev.sluice.mount.TaintedMount;
import dev.sluice.proto.admin.v1.AdminGrpc;
import dev.sluice.proto.admin.v1.CredentialSource;
import dev.sluice.proto.admin.v1.Layer;
import dev.sluice.proto.admin.v1.MountRequest;
import dev.sluice.proto.admin.v1.StatusRequest;
import dev.sluice.proto.admin.v1.StatusResponse;
import dev.sluice.proto.admin.v1.UnmountRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Talks to a running daemon. */
public final class AdminClient implements AutoCloseable {
    private static final int STATUS_SECONDS = 10;
    private static final int MOUNT_SECONDS = 120;

    private final AdminAddress address;
    private final EventLoopGroup eventLoop =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("admin", true), NioIoHandler.newFactory());
    private final ManagedChannel channel;

    public AdminClient(AdminAddress address) {
        this.address = address;
        if (address instanceof AdminAddress.UnixSocket unix) {
            channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(unix.path()))
                    .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                    .eventLoopGroup(eventLoop)
                    .overrideAuthority("localhost")
                    .usePlaintext()
                    .build();
        } else {
            AdminAddress.Loopback loopback = (AdminAddress.Loopback) address;
            channel = NettyChannelBuilder.forAddress(loopback.host(), loopback.port())
                    .usePlaintext()
                    .build();
        }
    }

    /** Whether a daemon is there. */
    public boolean answers() {
        try {
            status();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    /** What the daemon holds. */
    public StatusReport status() throws IOException {
        StatusResponse response = call(STATUS_SECONDS, stub -> stub.status(StatusRequest.getDefaultInstance()));
        return new StatusReport(
                response.getVersion(),
                response.getBackend(),
                response.getKeeper(),
                Path.of(response.getRoot()),
                Path.of(response.getAddress()),
                Path.of(response.getContainerd()),
                Instant.ofEpochSecond(response.getStartedUnixSeconds()),
                response.getLayersList().stream().map(AdminClient::layer).toList(),
                response.getImageMountsList().stream()
                        .map(mount -> new StatusReport.ImageMount(mount.getReference(), Path.of(mount.getDirectory())))
                        .toList(),
                response.getTaintedList().stream()
                        .map(mount -> new TaintedMount(Path.of(mount.getDirectory()), mount.getLayer()))
                        .toList(),
                response.getCredentialSourcesList().stream()
                        .map(AdminClient::credentials)
                        .toList());
    }

    /** Mounts an image; blocks until it is mounted. */
    public void mount(String reference, Path directory) throws IOException {
        var unused = call(
                MOUNT_SECONDS,
                stub -> stub.mount(MountRequest.newBuilder()
                        .setReference(reference)
                        .setDirectory(directory.toString())
                        .build()));
    }

    /** Takes a mount away. */
    public void unmount(Path directory) throws IOException {
        var unused = call(
                MOUNT_SECONDS,
                stub -> stub.unmount(UnmountRequest.newBuilder()
                        .setDirectory(directory.toString())
                        .build()));
    }

    private static LayerStatus layer(Layer layer) {
        return new LayerStatus(
                layer.getDigest(),
                layer.getFormat(),
                layer.getSourcesList(),
                layer.getBlobBytes(),
                layer.getDeviceBytes(),
                layer.getPresentBytes(),
                layer.getFetchedBytes(),
                layer.getRequests(),
                layer.getMismatches(),
                layer.getReferences(),
                layer.getMountsList().stream().map(Path::of).toList());
    }

    private static SourceStatus credentials(CredentialSource source) {
        SourceState.Level level = switch (source.getState()) {
            case WORKS -> SourceState.Level.WORKS;
            case EMPTY -> SourceState.Level.EMPTY;
            case BROKEN, UNKNOWN, UNRECOGNIZED -> SourceState.Level.BROKEN;
        };
        return new SourceStatus(
                new SourceState(level, source.getExplanation()),
                new SourceCounts(
                        source.getName(), source.getGiven(), source.getNone(), source.getFailed(), source.getRefused()),
                source.hasTrouble()
                        ? Optional.of(new SourceStatus.Trouble(
                                source.getTrouble().getMessage(),
                                Instant.ofEpochSecond(source.getTrouble().getAtUnixSeconds())))
                        : Optional.empty());
    }

    private <T> T call(int seconds, Function<AdminGrpc.AdminBlockingStub, T> call) throws IOException {
        try {
            return call.apply(AdminGrpc.newBlockingStub(channel).withDeadlineAfter(seconds, TimeUnit.SECONDS));
        } catch (StatusRuntimeException e) {
            Status status = e.getStatus();
            if (status.getCode() == Status.Code.UNAVAILABLE && status.getCause() != null) {
                throw new IOException("no daemon answers at " + address + "; is sluice daemon running?", e);
            }
            throw new IOException(
                    status.getDescription() == null
                            ? "the daemon at " + address + " answered " + status.getCode()
                            : status.getDescription(),
                    e);
        }
    }

    @Override
    public void close() {
        channel.shutdownNow();
        var unused = eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
