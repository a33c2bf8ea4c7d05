package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** A plain image whose indexes one node has published is lazy on another one that has never seen it, if its policy accepts them. */
@TestInstance(Lifecycle.PER_CLASS)
class PublishedIndexIT {
    private static final Pattern PUBLISHED = Pattern.compile("published as (\\S+) for manifest (\\S+)");

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String reference;
    private final RemoteManifest manifest;
    private final Path key;
    private final Path publicKey;
    private final String artifact;
    private final String manifestDigest;

    PublishedIndexIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "openssl");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        reference = registry.address() + "/demo:plain";
        ImagePublisher.push(Demo.IMAGE.build(), DebianImage.TAG, reference);
        manifest = RemoteManifest.fetch(reference);
        key = bed.directory().resolve("key.pem");
        publicKey = bed.directory().resolve("key.pub");
        Command.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", key.toString())
                .run();
        Command.of("openssl", "pkey", "-in", key.toString(), "-pubout", "-out", publicKey.toString())
                .run();
        String said = index("push");
        Matcher published = PUBLISHED.matcher(said);
        assertThat(published.find()).as(said).isTrue();
        artifact = published.group(1);
        manifestDigest = published.group(2);
        System.out.print(said);
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    /** Runs {@code sluice index} on the node that makes the indexes. */
    private String index(String action) throws IOException {
        return index(action, reference);
    }

    private String index(String action, String image) throws IOException {
        Path config = bed.directory().resolve("maker.toml");
        Files.writeString(
                config,
                "root = \"" + bed.directory("maker") + "\"\n[registry]\nplain_http_hosts = [\"" + registry.address()
                        + "\"]\n[index]\nsigning_key = \"" + key + "\"\n");
        return Command.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        "index",
                        action,
                        image,
                        "--config",
                        config.toString())
                .run()
                .stdout();
    }

    @Test
    void theIndexIsSmallBesideTheLayers() throws IOException {
        long bytes = 0;
        for (String line : index("push").lines().toList()) {
            Matcher size = Pattern.compile("was known: ([0-9]+) bytes").matcher(line);
            bytes += size.find() ? Long.parseLong(size.group(1)) : 0;
        }
        assertThat(bytes).isPositive().isLessThan(manifest.layerBytes() * 3 / 100);
        assertThat(index("ls")).contains(artifact).contains("signed with key");
    }

    @Test
    void explainSaysWhatANodeKnows() throws IOException {
        JsonNode known = explain(bed.directory("maker"));
        assertThat(known).hasSameSizeAs(manifest.layers()).allSatisfy(layer -> {
            assertThat(layer.path("lazy").asBoolean()).isTrue();
            assertThat(layer.path("format").asText()).isEqualTo("tar+gzip");
            assertThat(layer.path("pull_bytes").asLong()).isZero();
            assertThat(layer.path("read_bytes").asLong()).isPositive();
        });
        JsonNode unknown = explain(bed.directory("stranger"));
        assertThat(unknown).hasSameSizeAs(manifest.layers()).allSatisfy(layer -> {
            assertThat(layer.path("lazy").asBoolean()).isFalse();
            assertThat(layer.path("pull_bytes").asLong())
                    .isEqualTo(layer.path("size").asLong());
            assertThat(layer.path("advice").asText()).contains("sluice index push");
        });
    }

    private JsonNode explain(Path root) throws IOException {
        String said = Command.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        "explain",
                        "--json",
                        reference,
                        "--root",
                        root.toString())
                .run()
                .stdout();
        return new ObjectMapper().readTree(said);
    }

    @Test
    void aDaemonThatIsToldToPublishesAfterAFirstPull() throws Exception {
        String fresh = registry.address() + "/python:plain";
        ImagePublisher.push(TestImages.PYTHON.build(), DebianImage.TAG, fresh);
        assertThat(index("ls", fresh)).contains("there is no index");
        try (TestBed node = bed.nested()) {
            start(node, "publish = true").client().pull(fresh, SluiceProcess.NAME);

            await().atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(index("ls", fresh)).contains("sha256:", "not signed"));
        }
    }

    @Test
    void pinnedInTheConfiguration() throws IOException {
        assertRunsFromAPart("pinned = { \"" + manifestDigest + "\" = \"" + artifact + "\" }");
    }

    @Test
    void signedByAKeyOfOurs() throws IOException {
        assertRunsFromAPart("policy = \"signed\"\nkeys = [\"" + publicKey + "\"]");
    }

    @Test
    void inTheSameRegistry() throws IOException {
        assertRunsFromAPart("policy = \"same-registry\"");
    }

    @Test
    void signedByAnotherKeyItIsFetchedAsAWhole() throws IOException {
        Path other = bed.directory().resolve("other.pem");
        Path otherPublic = bed.directory().resolve("other.pub");
        Command.of("openssl", "genpkey", "-algorithm", "ed25519", "-out", other.toString())
                .run();
        Command.of("openssl", "pkey", "-in", other.toString(), "-pubout", "-out", otherPublic.toString())
                .run();
        assertIsFetchedAsAWhole("policy = \"signed\"\nkeys = [\"" + otherPublic + "\"]");
    }

    @Test
    void byDefaultNobodyIsBelieved() throws IOException {
        assertIsFetchedAsAWhole("");
    }

    private void assertRunsFromAPart(String policy) throws IOException {
        try (TestBed node = bed.nested()) {
            AccessLog log = pullAndRun(node, policy);
            System.out.printf(
                    "%s: %d of %d bytes, %.1f %%%n",
                    policy.lines().findFirst().orElse(""),
                    log.bytes(),
                    manifest.layerBytes(),
                    100.0 * log.bytes() / manifest.layerBytes());
            assertThat(log.bytes()).isLessThan(manifest.layerBytes() * 15 / 100);
        }
    }

    private void assertIsFetchedAsAWhole(String policy) throws IOException {
        try (TestBed node = bed.nested()) {
            assertThat(pullAndRun(node, policy).bytes()).isGreaterThanOrEqualTo(manifest.layerBytes());
        }
    }

    private AccessLog pullAndRun(TestBed node, String policy) throws IOException {
        AccessLog before = registry.accessLog();
        SluiceNode second = start(node, policy);
        second.client().pull(reference, SluiceProcess.NAME);
        String output = second.client()
                .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();
        assertThat(output).isEqualTo("hello\n");
        return registry.accessLog().since(before);
    }

    /** @param index keys of the table {@code index} */
    private SluiceNode start(TestBed node, String index) throws IOException {
        return SluiceNode.start(
                node,
                Machine.newestContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "auto",
                SluiceProcess.Settings.plainHttp(List.of(registry.address())) + "[index]\n" + index + "\n");
    }
}
