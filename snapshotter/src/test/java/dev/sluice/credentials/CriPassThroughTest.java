package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.proto.cri.AuthConfig;
import dev.sluice.proto.cri.ImageSpec;
import dev.sluice.proto.cri.PullImageRequest;
import dev.sluice.registry.Credentials;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Between a real client and a real server over sockets; the server answers with the messages it gets, as often as metadata say. */
class CriPassThroughTest {
    private static final Metadata.Key<String> TIMES = Metadata.Key.of("times", Metadata.ASCII_STRING_MARSHALLER);
    private static final Metadata.Key<byte[]> SEEN = Metadata.Key.of("seen-bin", Metadata.BINARY_BYTE_MARSHALLER);
    private static final String PULL = "runtime.v1.ImageService/PullImage";

    private final PulledCredentials pulled = new PulledCredentials();
    private final AtomicLong deadline = new AtomicLong();
    private final CountDownLatch cancelled = new CountDownLatch(1);
    private Server server;
    private Server passThrough;
    private ManagedChannel onwards;
    private ManagedChannel client;

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodDescriptor.MethodType type) {
        return MethodDescriptor.newBuilder(new Bytes(), new Bytes())
                .setFullMethodName(name)
                .setType(type)
                .build();
    }

    private final class Echo extends HandlerRegistry {
        @Override
        public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
            return ServerMethodDefinition.create(
                    method(name, MethodDescriptor.MethodType.UNKNOWN), (call, headers) -> answer(call, headers));
        }

        private ServerCall.Listener<byte[]> answer(ServerCall<byte[], byte[]> call, Metadata headers) {
            Deadline until = Context.current().getDeadline();
            if (call.getMethodDescriptor().getFullMethodName().endsWith("/Unknown")) {
                call.close(Status.UNIMPLEMENTED, new Metadata());
                return new ServerCall.Listener<>() {};
            }
            deadline.set(until == null ? -1 : until.timeRemaining(TimeUnit.MILLISECONDS));
            call.request(2);
            return new ServerCall.Listener<>() {
                private byte[] last = {};

                @Override
                public void onMessage(byte[] message) {
                    last = message;
                }

                @Override
                public void onHalfClose() {
                    if (call.getMethodDescriptor().getFullMethodName().endsWith("/Hang")) {
                        return;
                    }
                    Metadata seen = new Metadata();
                    seen.put(SEEN, new byte[] {1, 2, 3});
                    call.sendHeaders(seen);
                    int times = Integer.parseInt(String.valueOf(headers.get(TIMES)));
                    for (int i = 0; i < times; i++) {
                        call.sendMessage(last);
                    }
                    Metadata trailers = new Metadata();
                    trailers.put(TIMES, "over");
                    call.close(
                            times == 0 ? Status.FAILED_PRECONDITION.withDescription("not today") : Status.OK, trailers);
                }

                @Override
                public void onCancel() {
                    cancelled.countDown();
                }
            };
        }
    }

    @BeforeEach
    void start() throws IOException {
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        server = NettyServerBuilder.forAddress(any)
                .fallbackHandlerRegistry(new Echo())
                .maxInboundMessageSize(16 << 20)
                .build()
                .start();
        onwards = channel(server.getPort());
        passThrough = NettyServerBuilder.forAddress(any)
                .directExecutor()
                .fallbackHandlerRegistry(new CriPassThrough(onwards, pulled))
                .maxInboundMessageSize(16 << 20)
                .build()
                .start();
        client = channel(passThrough.getPort());
    }

    private static ManagedChannel channel(int port) {
        return NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .maxInboundMessageSize(16 << 20)
                .build();
    }

    @AfterEach
    void stop() {
        client.shutdownNow();
        passThrough.shutdownNow();
        onwards.shutdownNow();
        server.shutdownNow();
    }

    private static CallOptions options() {
        return CallOptions.DEFAULT.withDeadlineAfter(1, TimeUnit.MINUTES);
    }

    private Channel times(int times, AtomicReference<Metadata> headers, AtomicReference<Metadata> trailers) {
        Metadata metadata = new Metadata();
        metadata.put(TIMES, String.valueOf(times));
        return ClientInterceptors.intercept(
                client,
                MetadataUtils.newAttachHeadersInterceptor(metadata),
                MetadataUtils.newCaptureMetadataInterceptor(headers, trailers));
    }

    private byte[] call(String method, byte[] request) {
        return ClientCalls.blockingUnaryCall(
                times(1, new AtomicReference<>(), new AtomicReference<>()),
                method(method, MethodDescriptor.MethodType.UNARY),
                options(),
                request);
    }

    private static Metadata of(AtomicReference<Metadata> captured) {
        return Optional.ofNullable(captured.get()).orElseThrow();
    }

    @Test
    void passesBytesMetadataAndDeadlineOn() {
        byte[] bytes = new byte[5 << 20];
        new Random(1).nextBytes(bytes);
        AtomicReference<Metadata> headers = new AtomicReference<>();
        AtomicReference<Metadata> trailers = new AtomicReference<>();

        byte[] answer = ClientCalls.blockingUnaryCall(
                times(1, headers, trailers),
                method("any.Service/Method", MethodDescriptor.MethodType.UNARY),
                options(),
                bytes);
        assertThat(answer).isEqualTo(bytes);
        assertThat(of(headers).get(SEEN)).containsExactly(1, 2, 3);
        assertThat(of(trailers).get(TIMES)).isEqualTo("over");
        assertThat(deadline.get()).isBetween(1L, 60_000L);
    }

    @Test
    void passesStreamsOnHoweverSlowlyTheyAreRead() throws InterruptedException {
        byte[] message = new byte[100_000];
        Iterator<byte[]> answers = ClientCalls.blockingServerStreamingCall(
                times(200, new AtomicReference<>(), new AtomicReference<>()),
                method("runtime.v1.RuntimeService/GetContainerEvents", MethodDescriptor.MethodType.SERVER_STREAMING),
                options(),
                message);
        List<Integer> sizes = new ArrayList<>();
        while (answers.hasNext()) {
            sizes.add(answers.next().length);
            if (sizes.size() % 50 == 0) {
                Thread.sleep(50);
            }
        }
        assertThat(sizes).hasSize(200).containsOnly(message.length);
    }

    @Test
    void passesFailuresBack() {
        AtomicReference<Metadata> trailers = new AtomicReference<>();
        assertThatThrownBy(() -> ClientCalls.blockingUnaryCall(
                        times(0, new AtomicReference<>(), trailers),
                        method("any.Service/Method", MethodDescriptor.MethodType.UNARY),
                        options(),
                        new byte[0]))
                .isInstanceOf(StatusRuntimeException.class)
                .hasMessage("FAILED_PRECONDITION: not today");
        assertThat(of(trailers).get(TIMES)).isEqualTo("over");
        assertThatThrownBy(() -> call("any.Service/Unknown", new byte[0])).hasMessageContaining("UNIMPLEMENTED");
    }

    @Test
    void passesCancellationOn() throws InterruptedException {
        ClientCall<byte[], byte[]> call =
                client.newCall(method("any.Service/Hang", MethodDescriptor.MethodType.UNARY), options());
        call.start(new ClientCall.Listener<>() {}, new Metadata());
        call.sendMessage(new byte[0]);
        call.halfClose();
        call.request(1);
        while (deadline.get() == 0) {
            Thread.sleep(5);
        }
        call.cancel("enough", Status.CANCELLED.asException());

        assertThat(cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void saysSoWhileContainerdIsAwayAndGoesOnWhenItIsBack() throws IOException {
        int port = server.getPort();
        server.shutdownNow();
        assertThatThrownBy(() -> call("any.Service/Method", new byte[0])).hasMessageContaining("UNAVAILABLE");
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .fallbackHandlerRegistry(new Echo())
                .build()
                .start();
        Awaitility.await()
                .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
                .until(() -> call("any.Service/Method", new byte[1]).length == 1);
    }

    @Test
    void keepsWhatAPullShowsAndChangesNothingOfIt() {
        byte[] known = PullImageRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage("registry.local/team/app:v1"))
                .setAuth(AuthConfig.newBuilder().setUsername("alice").setPassword("p"))
                .build()
                .toByteArray();
        // A field that nobody here knows.
        byte[] request = Arrays.copyOf(known, known.length + 3);
        request[known.length] = (byte) 0xf8;
        request[known.length + 1] = 0x01;
        request[known.length + 2] = 0x05;

        assertThat(call(PULL, request)).isEqualTo(request);
        assertThat(pulled.credentials("registry.local", "team/app")).contains(new Credentials.Basic("alice", "p"));
        assertThat(call(PULL, new byte[] {1, 2, 3})).containsExactly(1, 2, 3);
    }
}
