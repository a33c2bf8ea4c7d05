package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a real registry. */
class DebianRegistryTest {
    private static final String REPOSITORY = "team/app";
    private static final String ARTIFACT = "application/vnd.test.v1+json";
    private static final byte[] CONFIG = "{\"os\":\"linux\",\"architecture\":\"amd64\"}".getBytes(UTF_8);
    private static final byte[] LAYER = new byte[5_000_000];

    static {
        new Random(7).nextBytes(LAYER);
    }

    @TempDir
    private Path directory;

    private final CredentialSource credentials =
            host -> Optional.of(new Credentials.Basic(DebianRegistry.USER, DebianRegistry.PASSWORD));

    @BeforeEach
    void needsTheRegistry() {
        assumeTrue(Files.isExecutable(DebianRegistry.EXECUTABLE), "there is no " + DebianRegistry.EXECUTABLE);
    }

    private record Image(ImageReference reference, Digest manifest, Digest index, Descriptor layer) {}

    private static Image push(DebianRegistry registry) throws IOException {
        Descriptor config = registry.push(REPOSITORY, CONFIG, "application/vnd.oci.image.config.v1+json");
        Descriptor layer = registry.push(REPOSITORY, LAYER, "application/vnd.oci.image.layer.v1.tar+gzip");
        byte[] manifest = """
                {"schemaVersion": 2, "mediaType": "%s", "config": %s, "layers": [%s]}
                """.formatted(MediaTypes.OCI_MANIFEST, json(config, ""), json(layer, ""))
                .getBytes(UTF_8);
        Descriptor described = new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(manifest), manifest.length);
        byte[] index = """
                {"schemaVersion": 2, "mediaType": "%s", "manifests": [%s]}
                """.formatted(
                        MediaTypes.OCI_INDEX,
                        json(described, ", \"platform\": {\"os\": \"linux\", \"architecture\": \"amd64\"}"))
                .getBytes(UTF_8);
        registry.pushManifest(REPOSITORY, described.digest().toString(), manifest, MediaTypes.OCI_MANIFEST);
        registry.pushManifest(REPOSITORY, "v1", index, MediaTypes.OCI_INDEX);
        ImageReference reference = ImageReference.parse(registry.host() + "/" + REPOSITORY + ":v1");
        return new Image(reference, described.digest(), Digest.sha256(index), layer);
    }

    private static String json(Descriptor descriptor, String more) {
        return "{\"mediaType\": \"%s\", \"digest\": \"%s\", \"size\": %d%s}"
                .formatted(descriptor.mediaType(), descriptor.digest(), descriptor.size(), more);
    }

    private static void readsEverything(RegistryClient client, Image image) throws IOException {
        assertThat(client.headManifest(image.reference).map(Descriptor::digest)).contains(image.index);
        assertThat(client.headManifest(image.reference.withTag("v2"))).isEmpty();

        Manifest manifest = client.resolve(image.reference, Platform.parse("linux/amd64"));
        assertThat(client.manifest(image.reference.withDigest(image.manifest))
                        .descriptor()
                        .mediaType())
                .isEqualTo(MediaTypes.OCI_MANIFEST);
        assertThat(client.blob(image.reference, manifest.config(), 1000)).isEqualTo(CONFIG);

        RemoteBlob layer = client.openBlob(image.reference, manifest.layers().get(0));
        assertThat(layer.size()).isEqualTo(LAYER.length);
        Random random = new Random(1);
        for (int i = 0; i < 50; i++) {
            int offset = random.nextInt(LAYER.length);
            int length = 1 + random.nextInt(LAYER.length - offset);
            assertThat(read(layer, offset, length, i % 10 == 9))
                    .isEqualTo(Arrays.copyOfRange(LAYER, offset, offset + length));
        }
    }

    private static byte[] read(RemoteBlob blob, int offset, int length, boolean otherSource) throws IOException {
        ByteBuffer into = ByteBuffer.allocate(length + 1);
        try (ReadableByteChannel channel = blob.read(offset, length, otherSource)) {
            while (channel.read(into) >= 0) {
                assertThat(into.hasRemaining()).isTrue();
            }
        }
        return Arrays.copyOf(into.array(), into.position());
    }

    @Test
    void isReadAnonymously() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), false);
                RegistryClient client = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous())) {
            readsEverything(client, push(registry));
        }
    }

    @Test
    void isReadWithAPassword() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), true);
                RegistryClient client = new RegistryClient(RegistryOptions.defaults(), credentials)) {
            readsEverything(client, push(registry));
        }
    }

    @Test
    void isNotReadWithoutThePassword() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), true);
                RegistryClient anonymous =
                        new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous());
                RegistryClient mistaken = new RegistryClient(
                        RegistryOptions.defaults(),
                        host -> Optional.of(new Credentials.Basic(DebianRegistry.USER, "wr0ng")))) {
            Image image = push(registry);

            assertThatThrownBy(() -> anonymous.manifest(image.reference))
                    .isInstanceOf(RegistryException.Unauthorized.class);
            assertThatThrownBy(() -> mistaken.manifest(image.reference))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageContaining("UNAUTHORIZED")
                    .hasMessageNotContaining("wr0ng");
        }
    }

    @Test
    void isReadThroughItsStore() throws Exception {
        try (ScriptedRegistry store = new ScriptedRegistry()) {
            store.server().setDispatcher(new Store(directory.resolve("content")));
            try (DebianRegistry registry = new DebianRegistry(directory, Optional.of(store.url("/")), true);
                    RegistryClient client = new RegistryClient(RegistryOptions.defaults(), credentials)) {
                readsEverything(client, push(registry));
                assertThat(store.requests()).isGreaterThan(50);
            }
        }
    }

    @Test
    void tellsWhatDoesNotExist() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), false);
                RegistryClient client = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous())) {
            Image image = push(registry);
            Descriptor missing = new Descriptor("x/y", Digest.sha256(new byte[1]), 1);
            Descriptor longer = new Descriptor("x/y", image.layer.digest(), LAYER.length + 1000L);

            assertThatThrownBy(() -> client.manifest(image.reference.withTag("v2")))
                    .isInstanceOf(RegistryException.NotFound.class)
                    .hasMessageContaining("MANIFEST_UNKNOWN");
            assertThatThrownBy(() -> client.blob(image.reference, missing, 10))
                    .isInstanceOf(RegistryException.NotFound.class)
                    .hasMessageContaining("BLOB_UNKNOWN");
            assertThatThrownBy(() -> client.openBlob(image.reference, longer).read(LAYER.length + 10L, 10, false))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("416");
        }
    }

    /** This registry has no referrers API. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isWrittenToAndListsWhatRefersToAnImage(boolean authenticated) throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), authenticated);
                RegistryClient client = new RegistryClient(
                        RegistryOptions.defaults(), authenticated ? credentials : CredentialSource.anonymous())) {
            Image image = push(registry);
            ImageReference first = refer(client, image, "a");
            ImageReference second = refer(client, image, "b");

            assertThat(client.referrers(image.reference, image.manifest, ARTIFACT))
                    .extracting(
                            Descriptor::digest,
                            referrer -> referrer.annotations().get("name"))
                    .containsExactly(
                            tuple(first.digest().orElseThrow(), "a"),
                            tuple(second.digest().orElseThrow(), "b"));
            assertThat(client.referrers(image.reference, image.manifest, "other/type"))
                    .isEmpty();
            assertThat(client.referrers(image.reference, image.index, ARTIFACT)).isEmpty();

            client.deleteManifest(first);
            assertThat(client.referrers(image.reference, image.manifest, ARTIFACT))
                    .extracting(Descriptor::digest)
                    .containsExactly(second.digest().orElseThrow());
            assertThat(client.headManifest(first)).isEmpty();
            client.deleteManifest(second);
            assertThat(client.referrers(image.reference, image.manifest, ARTIFACT))
                    .isEmpty();
            refer(client, image, "c");
            assertThat(client.referrers(image.reference, image.manifest, ARTIFACT))
                    .hasSize(1);
        }
    }

    private ImageReference refer(RegistryClient client, Image image, String name) throws IOException {
        Path blob = Files.write(directory.resolve(name), LAYER);
        Descriptor layer = new Descriptor("x/y", Digest.sha256(LAYER), LAYER.length);
        Descriptor config = new Descriptor("x/config", Digest.sha256(CONFIG), CONFIG.length);
        client.pushBlob(image.reference, config, CONFIG);
        byte[] different = name.getBytes(UTF_8);
        Descriptor own = new Descriptor("x/y", Digest.sha256(different), different.length);
        client.pushBlob(image.reference, own, different);
        client.pushBlob(image.reference, layer, blob, Deadline.after(Duration.ofMinutes(1)));
        byte[] manifest = new Manifest(
                        MediaTypes.OCI_MANIFEST,
                        config,
                        List.of(layer, own),
                        Map.of("name", name),
                        Optional.of(client.manifest(image.reference.withDigest(image.manifest))
                                .descriptor()),
                        Optional.of(ARTIFACT))
                .toJson();
        ImageReference reference = image.reference.withDigest(Digest.sha256(manifest));
        assertThat(client.putManifest(reference, MediaTypes.OCI_MANIFEST, manifest))
                .isFalse();
        return reference;
    }

    @Test
    void isNotWrittenToWithoutThePassword() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), true);
                RegistryClient mistaken = new RegistryClient(
                        RegistryOptions.defaults(),
                        host -> Optional.of(new Credentials.Basic(DebianRegistry.USER, "wr0ng")))) {
            Image image = push(registry);
            Descriptor config = new Descriptor("x/config", Digest.sha256(CONFIG), CONFIG.length);

            assertThatThrownBy(() -> mistaken.pushBlob(image.reference, config, CONFIG))
                    .isInstanceOf(RegistryException.Unauthorized.class)
                    .hasMessageStartingWith("Tried to push the blob ")
                    .hasMessageNotContaining("wr0ng");
        }
    }

    @Test
    void refusesABlobWithAnotherDigest() throws Exception {
        try (DebianRegistry registry = new DebianRegistry(directory, Optional.empty(), false);
                RegistryClient client = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous())) {
            Descriptor wrong = new Descriptor("x/y", Digest.sha256(new byte[1]), LAYER.length);

            assertThatThrownBy(() ->
                            client.pushBlob(ImageReference.parse(registry.host() + "/" + REPOSITORY), wrong, LAYER))
                    .isInstanceOf(RegistryException.Protocol.class)
                    .hasMessageContaining("DIGEST_INVALID");
        }
    }

    /** Serves the registry's files to whoever comes without credentials. */
    private static final class Store extends Dispatcher {
        private final Path content;

        Store(Path content) {
            this.content = content;
        }

        @Override
        public MockResponse dispatch(RecordedRequest request) {
            if (request.getHeaders().get("Authorization") != null) {
                return ScriptedRegistry.status(400).build();
            }
            RangeServer.Range range = RangeServer.rangeOf(request);
            try {
                byte[] file = Files.readAllBytes(
                        content.resolve(request.getUrl().encodedPath().substring(1)));
                return ScriptedRegistry.partial(file, range.offset(), range.length())
                        .build();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
