package dev.sluice.daemon.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.proto.admin.v1.AdminGrpc;
import dev.sluice.proto.admin.v1.StatusRequest;
import dev.sluice.proto.admin.v1.StatusResponse;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** gRPC and pages at one address. */
@Timeout(60)
class FrontDoorTest {
    private static final int LARGE = 3 << 20;

    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private int port;
    private FrontDoor door;

    @BeforeEach
    void open() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        door = FrontDoor.open(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
                NioServerSocketChannel.class,
                List.of(new Admin()),
                Map.of(
                        "/page",
                        accept -> Page.Answer.text(200, accept.orElse("nothing") + " is accepted\n"),
                        "/large",
                        accept -> Page.Answer.text(200, "x".repeat(LARGE)),
                        "/broken",
                        accept -> {
                            throw new IllegalStateException("secret");
                        }));
    }

    @AfterEach
    void close() {
        door.close();
    }

    @Test
    void servesPagesOverHttp() throws Exception {
        HttpResponse<String> answer = get("/page?x=y");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("text/x is accepted\n");
        assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; charset=utf-8");
        assertThat(get("/large").body()).hasSize(LARGE);
    }

    @Test
    void servesGrpcBesideThem() throws Exception {
        ManagedChannel channel =
                NettyChannelBuilder.forAddress("127.0.0.1", port).usePlaintext().build();
        try {
            AdminGrpc.AdminBlockingStub stub = AdminGrpc.newBlockingStub(channel);
            for (int i = 0; i < 20; i++) {
                StatusResponse response =
                        stub.withDeadlineAfter(10, TimeUnit.SECONDS).status(StatusRequest.getDefaultInstance());
                assertThat(response.getVersion()).hasSize(LARGE);
                assertThat(get("/page").statusCode()).isEqualTo(200);
            }
        } finally {
            channel.shutdownNow();
        }
    }

    @Test
    void saysWhichPagesThereAre() throws Exception {
        HttpResponse<String> answer = get("/nothing");

        assertThat(answer.statusCode()).isEqualTo(404);
        assertThat(answer.body()).contains("/broken /large /page");
    }

    @Test
    void pagesAreOnlyRead() throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(uri("/page"))
                        .POST(BodyPublishers.ofString("x"))
                        .build(),
                BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(405);
        assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD");
    }

    @Test
    void headHasNoBody() throws Exception {
        HttpResponse<String> answer = http.send(
                HttpRequest.newBuilder(uri("/large"))
                        .method("HEAD", BodyPublishers.noBody())
                        .build(),
                BodyHandlers.ofString());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
        assertThat(answer.headers().firstValue("Content-Length")).hasValue(String.valueOf(LARGE));
    }

    @Test
    void aPageThatFailsTellsNoDetails() throws Exception {
        HttpResponse<String> answer = get("/broken");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).doesNotContain("secret");
    }

    @Test
    void whatIsNoHttpIsRefusedAndTheConnectionClosed() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.getOutputStream().write("\u0016\u0003\u0001 garbage\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readAllBytes(), StandardCharsets.ISO_8859_1))
                    .startsWith("HTTP/1.1 400");
        }
    }

    @Test
    void aPrefaceThatComesByteByByteIsRecognized() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            for (byte b : "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII)) {
                socket.getOutputStream().write(b);
            }
            // An empty SETTINGS frame, as every client sends it.
            socket.getOutputStream().write(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
            byte[] frame = socket.getInputStream().readNBytes(9);
            assertThat(frame[3]).describedAs("type of the frame: SETTINGS").isEqualTo((byte) 4);
        }
    }

    @Test
    void anAddressThatIsTakenIsSaid() {
        InetSocketAddress taken = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);

        assertThatThrownBy(() -> FrontDoor.open(taken, NioServerSocketChannel.class, List.of(new Admin()), Map.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("Tried to listen on")
                .hasMessageContaining(String.valueOf(port));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return http.send(
                HttpRequest.newBuilder(uri(path)).header("Accept", "text/x").build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private static final class Admin extends AdminGrpc.AdminImplBase {
        @Override
        public void status(StatusRequest request, StreamObserver<StatusResponse> observer) {
            observer.onNext(
                    StatusResponse.newBuilder().setVersion("x".repeat(LARGE)).build());
            observer.onCompleted();
        }
    }
}
