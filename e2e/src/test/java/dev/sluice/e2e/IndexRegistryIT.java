package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexFinder;
import dev.sluice.index.IndexPolicy;
import dev.sluice.index.IndexPublisher;
import dev.sluice.index.IndexSearch;
import dev.sluice.index.IndexTrust;
import dev.sluice.index.LayerIndexBlob;
import dev.sluice.index.LayerIndexRef;
import dev.sluice.index.PublishedIndex;
import dev.sluice.index.SigningKey;
import dev.sluice.index.VerificationKey;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Published indexes in Debian's registry, which has no referrers API: others see them under the tag that the specification names. */
class IndexRegistryIT {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final String TYPE = "application/vnd.sluice.index.v1+json";

    private final TestBed bed = Machine.newTestBed();
    private final RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
    private final RegistryClient client =
            bed.add(new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous()));
    private final IndexPublisher publisher = new IndexPublisher(client, Clock.systemUTC(), TIMEOUT);

    IndexRegistryIT() throws IOException {}

    @BeforeAll
    static void needs() {
        Machine.assumePrograms("docker-registry", "skopeo", "openssl");
    }

    @AfterEach
    void close() throws IOException {
        bed.close();
    }

    /** Pushes an image of two layers under the tag v1. */
    private ResolvedImage push(String content) throws IOException {
        Path layout = bed.directory("image-" + content);
        OciLayout.write(
                layout,
                "v1",
                List.of(
                        List.of(TarEntry.file("lower", "same".getBytes(UTF_8))),
                        List.of(TarEntry.file("upper", content.getBytes(UTF_8)))));
        ImagePublisher.push(layout, "v1", image().toString());
        Fetched fetched = client.manifest(image());
        List<Digest> diffIds = RemoteManifest.fetch(image().toString()).diffIds().stream()
                .map(Digest::parse)
                .toList();
        Manifest manifest =
                Manifest.parse(fetched.content(), fetched.descriptor().mediaType());
        return new ResolvedImage(image(), manifest, fetched.descriptor().digest(), 0, diffIds);
    }

    private ImageReference image() {
        return ImageReference.parse(registry.address() + "/team/app:v1");
    }

    private static List<LayerIndexBlob> indexes(ResolvedImage image) {
        List<LayerIndexBlob> indexes = new ArrayList<>();
        for (int i = 0; i < image.diffIds().size(); i++) {
            Digest layer = image.manifest().layers().get(i).digest();
            indexes.add(new LayerIndexBlob(layer, image.diffIds().get(i), content(layer)));
        }
        return indexes;
    }

    private static byte[] content(Digest layer) {
        return ("index of " + layer).getBytes(UTF_8);
    }

    private Path privateKey(String name) throws IOException {
        Path file = bed.directory().resolve(name + ".pem");
        Command.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", file.toString())
                .run();
        return file;
    }

    private VerificationKey publicKey(Path privateKey) throws IOException {
        Path file = Path.of(privateKey + ".pub");
        Command.of("openssl", "pkey", "-in", privateKey.toString(), "-pubout", "-out", file.toString())
                .run();
        return VerificationKey.read(file);
    }

    private IndexSearch find(
            ResolvedImage image, IndexPolicy policy, Map<Digest, Digest> pins, VerificationKey... keys) {
        return new IndexFinder(client, new IndexTrust(policy, pins, List.of(keys)), TIMEOUT).find(image);
    }

    @Test
    void whatIsPublishedIsFoundUnderEachPolicyThatBelievesIt() throws IOException {
        ResolvedImage image = push("a");
        Path secret = privateKey("ours");
        Digest artifact = publisher.publish(image, indexes(image), Optional.of(SigningKey.read(secret)));
        Map<Digest, Digest> pins = Map.of(image.manifestDigest(), artifact);

        for (IndexPolicy policy : List.of(IndexPolicy.PINNED, IndexPolicy.SIGNED, IndexPolicy.SAME_REGISTRY)) {
            IndexSearch search = find(image, policy, pins, publicKey(secret));
            assertThat(search).as("%s", policy).isInstanceOf(IndexSearch.Found.class);
            IndexSearch.Found found = (IndexSearch.Found) search;
            assertThat(found.artifact()).isEqualTo(artifact);
            assertThat(found.layers()).hasSize(2);
            for (LayerIndexRef ref : found.layers().values()) {
                IndexTrust trust = new IndexTrust(policy, pins, List.of());
                assertThat(new IndexFinder(client, trust, TIMEOUT).fetch(ref, TIMEOUT))
                        .isEqualTo(content(ref.layer()));
            }
        }
        assertThat(find(image, IndexPolicy.OFF, pins)).isInstanceOf(IndexSearch.NotFound.class);
    }

    @Test
    void othersSeeItUnderTheTagOfTheSpecification() throws IOException {
        ResolvedImage image = push("a");
        Digest first = publisher.publish(image, indexes(image).subList(0, 1), Optional.empty());
        Digest second = publisher.publish(image, indexes(image), Optional.empty());

        JsonNode list = new ObjectMapper()
                .readTree(Command.of(
                                "skopeo",
                                "inspect",
                                "--tls-verify=false",
                                "--raw",
                                "docker://" + image().name() + ":sha256-"
                                        + image.manifestDigest().hex())
                        .run()
                        .stdout());

        assertThat(list.path("mediaType").asText()).isEqualTo("application/vnd.oci.image.index.v1+json");
        assertThat(list.path("manifests"))
                .extracting(manifest -> manifest.path("digest").asText())
                .containsExactly(first.toString(), second.toString());
        assertThat(list.path("manifests"))
                .allSatisfy(manifest ->
                        assertThat(manifest.path("artifactType").asText()).isEqualTo(TYPE));
    }

    @Test
    void aSignatureOfSomebodyElseIsNotBelieved() throws IOException {
        ResolvedImage image = push("a");
        publisher.publish(image, indexes(image), Optional.of(SigningKey.read(privateKey("theirs"))));
        publisher.publish(image, indexes(image), Optional.empty());

        IndexSearch search = find(image, IndexPolicy.SIGNED, Map.of(), publicKey(privateKey("ours")));

        assertThat(search).isInstanceOf(IndexSearch.NotFound.class);
        assertThat(((IndexSearch.NotFound) search).reason()).contains("which is not trusted", "it is not signed");
    }

    @Test
    void theIndexOfAnOlderImageIsNotOneOfTheNewerUnderTheSameTag() throws IOException {
        ResolvedImage older = push("a");
        Path secret = privateKey("ours");
        Digest stale = publisher.publish(older, indexes(older), Optional.of(SigningKey.read(secret)));
        ResolvedImage newer = push("b");

        for (IndexPolicy policy : List.of(IndexPolicy.SIGNED, IndexPolicy.SAME_REGISTRY)) {
            assertThat(find(newer, policy, Map.of(), publicKey(secret)))
                    .as("%s", policy)
                    .isInstanceOf(IndexSearch.NotFound.class);
            assertThat(find(older, policy, Map.of(), publicKey(secret)))
                    .as("%s", policy)
                    .isInstanceOf(IndexSearch.Found.class);
        }
        IndexSearch pinned = find(newer, IndexPolicy.PINNED, Map.of(newer.manifestDigest(), stale));
        assertThat(pinned).isInstanceOf(IndexSearch.NotFound.class);
        assertThat(((IndexSearch.NotFound) pinned).reason()).contains("it is about " + older.manifestDigest());
    }

    @Test
    void theCommandListsAndRemoves() throws IOException {
        ResolvedImage image = push("a");
        Path secret = privateKey("ours");
        Digest artifact = publisher.publish(image, indexes(image), Optional.of(SigningKey.read(secret)));
        Digest other = publisher.publish(image, indexes(image).subList(0, 1), Optional.empty());

        JsonNode listed = new ObjectMapper().readTree(sluice("ls", image().toString(), "--json"));
        assertThat(listed)
                .extracting(index -> index.path("index").asText())
                .containsExactlyInAnyOrder(artifact.toString(), other.toString());
        assertThat(listed)
                .allSatisfy(index -> assertThat(index.path("manifest").asText())
                        .isEqualTo(image.manifestDigest().toString()));
        assertThat(sluice("ls", image().toString()))
                .contains("signed with key " + publicKey(secret).id(), other + " of manifest");

        sluice("rm", image().toString(), artifact.toString());

        assertThat(publisher.list(image())).extracting(PublishedIndex::artifact).containsExactly(other);
        assertThat(client.headManifest(image().withDigest(artifact))).isEmpty();
        assertThatThrownBy(() ->
                        sluice("rm", image().toString(), image.manifestDigest().toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("an artifact of another type");
        assertThat(client.headManifest(image())).isPresent();
    }

    private static String sluice(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(Machine.distribution().resolve("bin/sluice").toString(), "index"));
        command.addAll(List.of(arguments));
        return Command.of(command.toArray(String[]::new)).run().stdout();
    }

    @Test
    void aRegistryThatDoesNotDeleteIsTold() throws IOException {
        try (RegistryProcess keeping =
                RegistryProcess.start(bed.directory("keeping"), Map.of("REGISTRY_STORAGE_DELETE_ENABLED", "false"))) {
            Path layout = bed.directory("image-x");
            OciLayout.write(layout, "v1", List.of(List.of(TarEntry.file("file", new byte[10]))));
            ImageReference kept = ImageReference.parse(keeping.address() + "/team/app:v1");
            ImagePublisher.push(layout, "v1", kept.toString());
            Digest manifest = client.headManifest(kept).orElseThrow().digest();

            assertThatThrownBy(() -> client.deleteManifest(kept.withDigest(manifest)))
                    .isInstanceOf(RegistryException.Unsupported.class)
                    .hasMessageStartingWith("Tried to delete the manifest " + kept.withDigest(manifest))
                    .hasMessageContaining("405 (UNSUPPORTED)");
        }
    }

    @Test
    void aRegistryThatIsReadOnlyIsTold() throws IOException {
        ResolvedImage image = push("a");
        registry.close();
        try (RegistryProcess readOnly = RegistryProcess.start(
                bed.directory("r"), Map.of("REGISTRY_STORAGE_MAINTENANCE_READONLY", "{\"enabled\": true}"))) {
            ImageReference there = ImageReference.parse(readOnly.address() + "/team/app:v1");
            ResolvedImage moved =
                    new ResolvedImage(there, image.manifest(), image.manifestDigest(), 0, image.diffIds());

            assertThatThrownBy(() -> publisher.publish(moved, indexes(moved), Optional.empty()))
                    .isInstanceOf(RegistryException.Unsupported.class)
                    .hasMessageContaining("Tried to push the blob ")
                    .hasMessageContaining("405");
        }
    }

    @Test
    void aRegistryThatIsGoneIsAReasonWithinTheTime() throws IOException {
        ResolvedImage image = push("a");
        registry.kill();

        IndexSearch search = new IndexFinder(
                        client, new IndexTrust(IndexPolicy.SAME_REGISTRY, Map.of(), List.of()), Duration.ofSeconds(3))
                .find(image);

        assertThat(search).isInstanceOf(IndexSearch.NotFound.class);
        assertThat(((IndexSearch.NotFound) search).reason()).contains("failed because: ");
    }
}
