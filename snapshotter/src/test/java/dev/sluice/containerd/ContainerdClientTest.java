package dev.sluice.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.image.PrivateRegistry;
import dev.sluice.image.TestImage;
import dev.sluice.registry.Digest;
import io.grpc.Context;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a real containerd. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContainerdClientTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final String NAMESPACE = "k8s.io";

    private PrivateContainerd containerd;
    private ContainerdClient client;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        containerd = PrivateContainerd.in(directory).start();
        client = new ContainerdClient(containerd.socket());
    }

    @AfterAll
    void stop() throws InterruptedException {
        if (client != null) {
            client.close();
            containerd.close();
        }
    }

    @Test
    void saysItsVersionAndWhatSnapshottersItHas() throws IOException {
        assertThat(client.introspection().version(LONG)).matches("v?[0-9]+\\.[0-9]+.*");
        assertThat(client.introspection().plugins(List.of("type==io.containerd.snapshotter.v1"), LONG))
                .extracting(LoadedPlugin::id)
                .contains("overlayfs", "native");
    }

    @Test
    void aBlobHasASizeLabelsAndTimes() throws IOException {
        Instant before = Instant.now().minusSeconds(1);
        String digest = ingest(NAMESPACE, "some bytes");
        containerd.ctr(NAMESPACE, "content", "label", digest, "a.b/c=d");

        ContentInfo info = client.content().info(NAMESPACE, digest, LONG).orElseThrow();
        assertThat(info.digest()).isEqualTo(digest);
        assertThat(info.size()).isEqualTo(10);
        assertThat(info.labels()).containsEntry("a.b/c", "d");
        assertThat(info.createdAt()).isAfter(before);
        assertThat(info.updatedAt()).isAfterOrEqualTo(info.createdAt());
    }

    @Test
    void aBlobThatIsNotThereIsAbsentAndNoError() throws IOException {
        String digest = digest("never stored");
        assertThat(client.content().info(NAMESPACE, digest, LONG)).isEmpty();
        assertThat(client.content().read(NAMESPACE, digest, 100, LONG)).isEmpty();
    }

    @Test
    void namespacesDoNotSeeEachOther() throws IOException {
        String digest = ingest("one", "content of one");
        assertThat(client.content().info("one", digest, LONG)).isPresent();
        assertThat(client.content().info("another", digest, LONG)).isEmpty();
        assertThat(client.content().list("another", List.of(), 10, LONG)).isEmpty();
    }

    @Test
    void filtersChooseByLabelWhateverCharactersItHas() throws IOException {
        String value = "quote \" backslash \\ comma , umlaut ü";
        String labelled = ingest("filters", "labelled");
        ingest("filters", "not labelled");
        containerd.ctr("filters", "content", "label", labelled, "odd/label.1=" + value);

        ContentStore content = client.content();
        assertThat(content.list("filters", List.of(), 10, LONG)).hasSize(2);
        assertThat(content.list("filters", List.of(Filters.hasLabel("odd/label.1")), 10, LONG))
                .extracting(ContentInfo::digest)
                .containsExactly(labelled);
        assertThat(content.list("filters", List.of(Filters.labelIs("odd/label.1", value)), 10, LONG))
                .extracting(ContentInfo::digest)
                .containsExactly(labelled);
        assertThat(content.list("filters", List.of(Filters.labelIs("odd/label.1", "other")), 10, LONG))
                .isEmpty();
    }

    @Test
    void aListThatIsTooLongIsAnError() throws IOException {
        ingest("many", "1");
        ingest("many", "2");
        assertThat(client.content().list("many", List.of(), 2, LONG)).hasSize(2);
        assertThatThrownBy(() -> client.content().list("many", List.of(), 1, LONG))
                .isInstanceOf(ContainerdException.class)
                .hasMessageContaining("more than 1 such blobs");
    }

    @Test
    void moreBlobsThanOneMessageHoldsAreListed() throws IOException {
        for (int i = 0; i < 120; i++) {
            ingest("batches", "blob " + i);
        }
        assertThat(client.content().list("batches", List.of(), 1000, LONG))
                .extracting(ContentInfo::digest)
                .doesNotHaveDuplicates()
                .hasSize(120);
    }

    @Test
    void readsAreWholeAndVerified() throws IOException {
        String text = "0123456789".repeat(300_000);
        String digest = ingest(NAMESPACE, text);
        assertThat(client.content().read(NAMESPACE, digest, text.length(), LONG))
                .hasValueSatisfying(bytes -> assertThat(bytes).asString().isEqualTo(text));
    }

    @Test
    void aBlobThatIsTooGreatIsAnError() throws IOException {
        String digest = ingest(NAMESPACE, "twelve bytes");
        assertThatThrownBy(() -> client.content().read(NAMESPACE, digest, 11, LONG))
                .isInstanceOf(ContainerdException.class)
                .hasMessageContaining("it has more than 11 bytes");
    }

    @Test
    void bytesThatChangedOnDiskAreRefused() throws IOException {
        String digest = ingest(NAMESPACE, "to be changed");
        Files.writeString(containerd.blob(digest), "to be CHANGED");
        assertThatThrownBy(() -> client.content().read(NAMESPACE, digest, 100, LONG))
                .isInstanceOf(ContainerdException.class)
                .hasMessageContaining(digest)
                .hasMessageContaining("the bytes do not have this digest");
    }

    @Test
    void whatContainerdRefusesIsAnErrorWithItsReason() {
        assertThatThrownBy(() -> client.content().info(NAMESPACE, "not a digest", LONG))
                .isInstanceOf(ContainerdException.class)
                .hasMessageContaining("INVALID_ARGUMENT");
    }

    @Test
    void imagesHaveNamesAndTargets(@TempDir Path directory) throws Exception {
        try (PrivateRegistry registry = PrivateRegistry.start(directory)) {
            TestImage image = TestImage.withLayers("images", 1);
            String name = image.push(registry, "team/app", "v1").toString();
            containerd.ctr(NAMESPACE, "content", "fetch", "--plain-http", name);

            StoredImage stored = client.images().get(NAMESPACE, name, LONG).orElseThrow();
            assertThat(stored.name()).isEqualTo(name);
            assertThat(stored.targetDigest()).isEqualTo(image.manifestDigest().toString());
            assertThat(stored.targetMediaType()).isEqualTo("application/vnd.oci.image.manifest.v1+json");
            assertThat(client.images().list(NAMESPACE, List.of(), LONG)).contains(stored);
            assertThat(client.images().list("no.such.namespace", List.of(), LONG))
                    .isEmpty();
            assertThat(client.images().get(NAMESPACE, "no/such:image", LONG)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "a\nb", "ü", "-a", "a-"})
    void aNamespaceThatContainerdDoesNotAllowIsNotSent(String namespace) {
        assertThatThrownBy(() -> client.content().list(namespace, List.of(), 1, LONG))
                .isInstanceOf(ContainerdException.class)
                .hasMessageEndingWith("the namespace is not one that containerd allows");
    }

    @Test
    void aContainerdThatIsStartedLaterOrAgainIsReached(@TempDir Path directory) throws Exception {
        try (PrivateContainerd late = PrivateContainerd.in(directory);
                ContainerdClient early = new ContainerdClient(late.socket())) {
            assertThatThrownBy(() -> early.content().list("n", List.of(), 1, LONG))
                    .isInstanceOf(ContainerdException.class)
                    .hasMessage("Tried to list the content of namespace n from containerd at " + late.socket()
                            + " but failed because: nobody listens there");
            late.start();
            assertThat(early.content().list("n", List.of(), 1, LONG)).isEmpty();
            late.stop();
            assertThatThrownBy(() -> early.content().list("n", List.of(), 1, LONG))
                    .isInstanceOf(ContainerdException.class);
            late.start();
            assertThat(early.content().list("n", List.of(), 1, LONG)).isEmpty();
        }
    }

    @Test
    void warmingUpNeedsNoContainerd(@TempDir Path directory) throws IOException {
        client.warmUp();
        assertThat(client.content().list("warm", List.of(), 1, LONG)).isEmpty();
        try (ContainerdClient nobody = new ContainerdClient(directory.resolve("none.sock"))) {
            assertThatCode(nobody::warmUp).doesNotThrowAnyException();
        }
    }

    @Test
    void aContainerdThatStaysSilentIsGivenUp(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("silent.sock");
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                ContainerdClient waiting = new ContainerdClient(socket)) {
            silent.bind(UnixDomainSocketAddress.of(socket));
            assertThatThrownBy(() -> waiting.content().list("n", List.of(), 1, Duration.ofMillis(200)))
                    .isInstanceOf(ContainerdException.class)
                    .hasMessageContaining("it took too long");
        }
    }

    @Test
    void aCallEndsWithTheGrpcCallThatItServes(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("silent.sock");
        try (ServerSocketChannel silent = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
                ContainerdClient waiting = new ContainerdClient(socket);
                Context.CancellableContext served = Context.current().withCancellation()) {
            silent.bind(UnixDomainSocketAddress.of(socket));
            var call = CompletableFuture.runAsync(served.wrap(() -> {
                assertThatThrownBy(() -> waiting.content().list("n", List.of(), 1, LONG))
                        .isInstanceOf(ContainerdException.class)
                        .hasMessageContaining("CANCELLED");
            }));
            // The client has connected: its call is under way.
            silent.accept().close();
            served.cancel(null);
            call.join();
        }
    }

    @Test
    void labelsOfFiltersAreGoStrings() {
        assertThat(Filters.hasLabel("a.b/c")).isEqualTo("labels.\"a.b/c\"");
        assertThat(Filters.labelIs("a", "\"\\\n")).isEqualTo("labels.\"a\"==\"\\\"\\\\\\x0a\"");
    }

    private String ingest(String namespace, String text) throws IOException {
        String digest = digest(text);
        containerd.ctrWithInput(
                namespace, text, "content", "ingest", "--expected-digest", digest, "ref-" + digest.substring(7, 20));
        return digest;
    }

    private static String digest(String text) {
        return Digest.sha256(text.getBytes(StandardCharsets.UTF_8)).toString();
    }
}
