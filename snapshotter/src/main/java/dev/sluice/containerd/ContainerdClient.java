package dev.sluice.containerd;

import static java.util.Objects.requireNonNull;

import io.grpc.Channel;
import io.grpc.ConnectivityState;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.MetadataUtils;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to containerd's own socket. Connects when first needed, and again when containerd was restarted. Every call has a
 * time limit and takes part in the cancellation of the gRPC call that its thread serves. Safe for use by many threads.
 */
public final class ContainerdClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ContainerdClient.class);

    private static final Metadata.Key<String> NAMESPACE =
            Metadata.Key.of("containerd-namespace", Metadata.ASCII_STRING_MARSHALLER);
    private static final Pattern NAMESPACE_NAME = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");
    private static final int MAX_NAMESPACE = 76;
    private static final int MAX_MESSAGE_BYTES = 16 << 20;
    /** How long a call waits for a containerd that has just been started again. */
    private static final Duration RECONNECT = Duration.ofSeconds(2);

    private static final Duration WARM_UP = Duration.ofMinutes(1);

    private final Path socket;
    private final EventLoopGroup eventLoop;
    private final ManagedChannel channel;

    /** @param socket containerd's, usually {@code /run/containerd/containerd.sock}; need not exist yet */
    public ContainerdClient(Path socket) {
        this.socket = requireNonNull(socket, "socket is null");
        this.eventLoop = new MultiThreadIoEventLoopGroup(
                1, new DefaultThreadFactory("containerd-client", true), NioIoHandler.newFactory());
        this.channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
                .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
                .eventLoopGroup(eventLoop)
                .overrideAuthority("localhost")
                .usePlaintext()
                .maxInboundMessageSize(MAX_MESSAGE_BYTES)
                .build();
    }

    /** Blobs: manifests, configs, layers. */
    public ContentStore content() {
        return new ContentStore(this);
    }

    /** Names of images. */
    public ImageStore images() {
        return new ImageStore(this);
    }

    /** Containers, running or not. */
    public ContainerStore containers() {
        return new ContainerStore(this);
    }

    /** What it keeps in its snapshotters. */
    public SnapshotStore snapshots() {
        return new SnapshotStore(this);
    }

    /** Its version and its plugins. */
    public Introspection introspection() {
        return new Introspection(this);
    }

    /**
     * Connects and loads what the first call needs, so that the first one that somebody waits for is no slower than others. Blocks
     * until that is done, for a minute at most; does nothing if containerd cannot be reached.
     */
    public void warmUp() {
        try {
            images().get("default", "none", WARM_UP);
        } catch (ContainerdException e) {
            log.debug("No first call of containerd: {}", e.getMessage());
        }
    }

    /** Gives up the calls under way and closes the connection. */
    @Override
    public void close() {
        channel.shutdownNow();
        var unused = eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /**
     * Calls containerd; a second time if the connection was lost, for all our calls only read, or take away what may be gone already.
     *
     * @param task completes "Tried to ..."
     * @param stub makes a stub of the service
     * @return empty if containerd answers that it has no such thing
     * @throws ContainerdException for every other failure
     */
    <S extends AbstractStub<S>, T> Optional<T> call(
            String task, String namespace, Duration timeout, Function<Channel, S> stub, Function<S, T> body)
            throws ContainerdException {
        Deadline deadline = Deadline.after(timeout.toNanos(), TimeUnit.NANOSECONDS);
        S prepared = stub.apply(channel)
                .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers(task, namespace)))
                .withDeadline(deadline);
        try {
            if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
                channel.resetConnectBackoff();
            }
            return cancelled(prepared, body);
        } catch (StatusRuntimeException e) {
            if (e.getStatus().getCode() != Status.Code.UNAVAILABLE) {
                return absent(task, e);
            }
        }
        if (!isListening()) {
            throw new ContainerdException(failed(task) + "nobody listens there");
        }
        try {
            channel.resetConnectBackoff();
            Deadline reconnect = Deadline.after(RECONNECT.toNanos(), TimeUnit.NANOSECONDS);
            return cancelled(prepared.withWaitForReady().withDeadline(deadline.minimum(reconnect)), body);
        } catch (StatusRuntimeException e) {
            return absent(task, e);
        }
    }

    /** gRPC itself cannot tell soon whether a new connection is possible. */
    private boolean isListening() {
        try (SocketChannel probe = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    /** Cancels what the body leaves unread. */
    private static <S, T> Optional<T> cancelled(S stub, Function<S, T> body) {
        try (Context.CancellableContext context = Context.current().withCancellation()) {
            Context previous = context.attach();
            try {
                return Optional.of(body.apply(stub));
            } finally {
                context.detach(previous);
            }
        }
    }

    private <T> Optional<T> absent(String task, StatusRuntimeException e) throws ContainerdException {
        Status status = e.getStatus();
        if (status.getCode() == Status.Code.NOT_FOUND) {
            return Optional.empty();
        }
        String reason = switch (status.getCode()) {
            case UNAVAILABLE -> "it does not answer";
            case DEADLINE_EXCEEDED -> "it took too long";
            default -> status.getCode() + (status.getDescription() == null ? "" : ", " + status.getDescription());
        };
        throw new ContainerdException(failed(task) + reason, e);
    }

    private String failed(String task) {
        return "Tried to " + task + " from containerd at " + socket + " but failed because: ";
    }

    private static Metadata headers(String task, String namespace) throws ContainerdException {
        if (namespace.length() > MAX_NAMESPACE
                || !NAMESPACE_NAME.matcher(namespace).matches()) {
            throw new ContainerdException(
                    "Tried to " + task + " but failed because: the namespace is not one that containerd allows");
        }
        Metadata headers = new Metadata();
        headers.put(NAMESPACE, namespace);
        return headers;
    }
}
