package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
    private static final String DIGEST = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    private static final String DESCRIPTOR = "{\"mediaType\":\"m/t\",\"digest\":\"" + DIGEST + "\",\"size\":7}";
    private static final String MANIFEST = """
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "%1$s", "size": 2},
             "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": "%1$s", "size": 5000000000,
                         "annotations": {"containerd.io/snapshot/stargz/toc.digest": "x"}}],
             "subject": %2$s, "annotations": {"a": "b"}, "artifactType": "some/type", "unknown": [1, {"x": null}]}
            """.formatted(DIGEST, DESCRIPTOR);
    private static final String INDEX = """
            {"schemaVersion": 2, "manifests": [
              {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "%1$s", "size": 2,
               "platform": {"os": "linux", "architecture": "arm", "variant": "v6", "os.version": "1"}},
              {"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": "%1$s", "size": 3,
               "artifactType": "some/type"}]}
            """.formatted(DIGEST);

    @Test
    void readsManifests() throws Exception {
        Manifest manifest = Manifest.parse(MANIFEST.getBytes(UTF_8), MediaTypes.OCI_MANIFEST);

        assertThat(manifest.config().size()).isEqualTo(2);
        assertThat(manifest.layers()).singleElement().satisfies(layer -> {
            assertThat(layer.size()).isEqualTo(5_000_000_000L);
            assertThat(layer.digest()).hasToString(DIGEST);
            assertThat(layer.annotations()).containsEntry("containerd.io/snapshot/stargz/toc.digest", "x");
        });
        assertThat(manifest.subject()).contains(new Descriptor("m/t", Digest.parse(DIGEST), 7));
        assertThat(manifest.annotations()).containsEntry("a", "b");
        assertThat(manifest.artifactType()).contains("some/type");
    }

    /** JSON allows half of a surrogate pair in a string; UTF-8 does not. */
    @Test
    void writesTextAsItWasRead() throws Exception {
        String odd = MANIFEST.replace("\"b\"", "\"\\ud800, \u00fc, \\ud83d\\ude00\"");
        Manifest manifest = Manifest.parse(odd.getBytes(UTF_8), MediaTypes.OCI_MANIFEST);

        assertThat(manifest.annotations()).containsEntry("a", "\ud800, \u00fc, \ud83d\ude00");
        assertThat(Manifest.parse(manifest.toJson(), MediaTypes.OCI_MANIFEST)).isEqualTo(manifest);
    }

    @Test
    void readsDockersManifests() throws Exception {
        String docker = MANIFEST.replace(MediaTypes.OCI_MANIFEST, MediaTypes.DOCKER_MANIFEST);

        assertThat(Manifest.parse(docker.getBytes(UTF_8), MediaTypes.DOCKER_MANIFEST)
                        .mediaType())
                .isEqualTo(MediaTypes.DOCKER_MANIFEST);
    }

    @Test
    void readsIndexes() throws Exception {
        ImageIndex index = ImageIndex.parse(INDEX.getBytes(UTF_8), MediaTypes.OCI_INDEX);

        assertThat(index.manifests()).hasSize(2);
        assertThat(index.manifests().get(0).platform())
                .contains(new Platform("linux", "arm", Optional.of("v6"), Optional.of("1")));
        assertThat(index.manifests().get(1).platform()).isEmpty();
        assertThat(index.manifests().get(1).artifactType()).contains("some/type");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "null",
                "[]",
                "{}",
                "{",
                "{\"schemaVersion\":1}",
                "{\"schemaVersion\":2}",
                "{\"schemaVersion\":\"2\",\"config\":D,\"layers\":[]}",
                "{\"schemaVersion\":2,\"config\":D}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":null}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":{}}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[null]}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[7]}",
                "{\"schemaVersion\":2,\"config\":7,\"layers\":[]}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[],\"manifests\":[]}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[],\"layers\":[]}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[]} {}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[],\"annotations\":{\"a\":1}}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[],\"annotations\":[]}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[],\"subject\":\"x\"}",
                "{\"schemaVersion\":2,\"config\":D,\"layers\":[{\"mediaType\":\"m\",\"digest\":\"sha256:1\",\"size\":1}]}",
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"config\":D,\"layers\":[]}",
            })
    void refusesWhatIsNoManifest(String json) {
        byte[] bytes = json.replace("D", DESCRIPTOR).getBytes(UTF_8);

        assertThatThrownBy(() -> Manifest.parse(bytes, MediaTypes.OCI_MANIFEST))
                .isInstanceOf(InvalidManifestException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1.5", "\"7\"", "9223372036854775808", "1e3", "null", "true"})
    void refusesSizesThatAreNone(String size) {
        byte[] bytes = MANIFEST.replace("\"size\": 2", "\"size\": " + size).getBytes(UTF_8);

        assertThatThrownBy(() -> Manifest.parse(bytes, MediaTypes.OCI_MANIFEST))
                .isInstanceOf(InvalidManifestException.class);
    }

    @Test
    void refusesTheOtherKind() {
        assertThatThrownBy(() -> Manifest.parse(INDEX.getBytes(UTF_8), MediaTypes.OCI_INDEX))
                .isInstanceOf(InvalidManifestException.class);
        assertThatThrownBy(() -> Manifest.parse(INDEX.getBytes(UTF_8), MediaTypes.OCI_MANIFEST))
                .isInstanceOf(InvalidManifestException.class);
        assertThatThrownBy(() -> ImageIndex.parse(MANIFEST.getBytes(UTF_8), MediaTypes.OCI_INDEX))
                .isInstanceOf(InvalidManifestException.class);
        assertThatThrownBy(() -> ImageIndex.parse(
                        INDEX.replace("\"manifests\"", "\"layers\": [], \"manifests\"")
                                .getBytes(UTF_8),
                        MediaTypes.OCI_INDEX))
                .isInstanceOf(InvalidManifestException.class);
    }

    @Test
    void refusesDeepNesting() {
        byte[] bytes = MANIFEST.replace("{\"x\": null}", "[".repeat(100) + "]".repeat(100))
                .getBytes(UTF_8);

        assertThatThrownBy(() -> Manifest.parse(bytes, MediaTypes.OCI_MANIFEST))
                .isInstanceOf(InvalidManifestException.class);
    }

    @Test
    void readsOrRefusesDamagedManifests() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = (random.nextBoolean() ? MANIFEST : INDEX).getBytes(UTF_8);
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            try {
                assertThat(Manifest.parse(bytes, MediaTypes.OCI_MANIFEST).layers())
                        .isNotNull();
            } catch (InvalidManifestException e) {
                refused++;
            }
        }
        assertThat(refused).isGreaterThan(10_000);
    }
}
