package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.sluice.proto.cri.PullImageRequest;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ConnectivityState;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;

/**
 * Passes gRPC calls of any method on to containerd, byte for byte, with metadata, deadline and cancellation, and what comes back just so. On
 * the way it takes the credentials out of pulls. Never blocks; safe for use by many threads.
 */
public final class CriPassThrough extends HandlerRegistry {
    private static final String PULL = "runtime.v1.ImageService/PullImage";

    private final ManagedChannel containerd;
    private final PulledCredentials pulled;

    /** @param containerd where calls go; stays the caller's */
    public CriPassThrough(ManagedChannel containerd, PulledCredentials pulled) {
        this.containerd = requireNonNull(containerd, "containerd is null");
        this.pulled = requireNonNull(pulled, "pulled is null");
    }

    /** Every method there is: containerd knows which it has. */
    @Override
    public ServerMethodDefinition<?, ?> lookupMethod(String name, String authority) {
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.<byte[], byte[]>newBuilder(new Bytes(), new Bytes())
                .setFullMethodName(name)
                .setType(MethodDescriptor.MethodType.UNKNOWN)
                .build();
        return ServerMethodDefinition.create(method, new Forwarding(method));
    }

    private final class Forwarding implements ServerCallHandler<byte[], byte[]> {
        private final MethodDescriptor<byte[], byte[]> method;

        Forwarding(MethodDescriptor<byte[], byte[]> method) {
            this.method = method;
        }

        @Override
        public ServerCall.Listener<byte[]> startCall(ServerCall<byte[], byte[]> from, Metadata headers) {
            // It would wait longer and longer before it tries again, up to two minutes.
            if (containerd.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
                containerd.resetConnectBackoff();
            }
            // Deadline and cancellation are those of the current context.
            ClientCall<byte[], byte[]> to = containerd.newCall(method, CallOptions.DEFAULT);
            Requests requests =
                    new Requests(from, to, method.getFullMethodName().equals(PULL));
            to.start(new Answers(from, to, requests), headers);
            to.request(1);
            from.request(1);
            return requests;
        }
    }

    /** From the client to containerd. Takes the next message when containerd's side has room for it. */
    private final class Requests extends ServerCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> from;
        private final ClientCall<byte[], byte[]> to;
        private final boolean pull;
        private final Room room = new Room();
        /** What is sent back may go on. */
        private Runnable answersGoOn = () -> {};

        Requests(ServerCall<byte[], byte[]> from, ClientCall<byte[], byte[]> to, boolean pull) {
            this.from = from;
            this.to = to;
            this.pull = pull;
        }

        @Override
        public void onMessage(byte[] message) {
            if (pull) {
                look(message);
            }
            to.sendMessage(message);
            if (room.isThereAfterOneMore(to.isReady())) {
                from.request(1);
            }
        }

        void ready() {
            if (room.isThereAgain()) {
                from.request(1);
            }
        }

        @Override
        public void onHalfClose() {
            to.halfClose();
        }

        @Override
        public void onCancel() {
            to.cancel("the client has cancelled", Status.CANCELLED.asException());
        }

        void answersGoOn(Runnable action) {
            answersGoOn = action;
        }

        @Override
        public void onReady() {
            answersGoOn.run();
        }
    }

    private void look(byte[] message) {
        try {
            PullImageRequest request = PullImageRequest.parseFrom(message);
            if (request.hasAuth()) {
                pulled.seen(request.getImage().getImage(), request.getAuth());
            }
        } catch (InvalidProtocolBufferException e) {
            // containerd will say so.
            return;
        }
    }

    /** From containerd to the client. */
    private static final class Answers extends ClientCall.Listener<byte[]> {
        private final ServerCall<byte[], byte[]> from;
        private final ClientCall<byte[], byte[]> to;
        private final Requests requests;
        private final Room room = new Room();

        Answers(ServerCall<byte[], byte[]> from, ClientCall<byte[], byte[]> to, Requests requests) {
            this.from = from;
            this.to = to;
            this.requests = requests;
            requests.answersGoOn(() -> {
                if (room.isThereAgain()) {
                    to.request(1);
                }
            });
        }

        @Override
        public void onHeaders(Metadata headers) {
            from.sendHeaders(headers);
        }

        @Override
        public void onMessage(byte[] message) {
            from.sendMessage(message);
            if (room.isThereAfterOneMore(from.isReady())) {
                to.request(1);
            }
        }

        @Override
        public void onReady() {
            requests.ready();
        }

        @Override
        public void onClose(Status status, Metadata trailers) {
            from.close(status, trailers);
        }
    }

    /** Whether the next message was put off until there is room. */
    private static final class Room {
        private boolean putOff;

        synchronized boolean isThereAfterOneMore(boolean ready) {
            putOff = !ready;
            return ready;
        }

        synchronized boolean isThereAgain() {
            boolean was = putOff;
            putOff = false;
            return was;
        }
    }

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
}
