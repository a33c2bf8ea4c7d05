package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against a real registry. */
class DebianRegistryTest {
    private static final String REPOSITORY = "team/app";
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
