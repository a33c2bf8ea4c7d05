package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.Soci;
import dev.sluice.e2e.image.SociForgery;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images with SOCI indexes of soci's own making are lazy at the first pull, and look as with overlayfs. */
@TestInstance(Lifecycle.PER_CLASS)
class SociIT {
    private static final String BELIEVE_REGISTRY = "[index]\npolicy = \"same-registry\"\n";

    private final TestBed bed;
    private final RegistryProcess registry;
    private final ContainerdClient ordinary;
    private final Path program;
    private final String torture;
    private final String python;
    private final Unpacking unpacking;
    private final TreeDigest unpacked;
    private int counter;

    SociIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap");
        program = Machine.client(ClientProgram.SOCI);
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        torture = registry.address() + "/torture:plain";
        python = registry.address() + "/python:plain";
        Path layout = bed.directory("torture");
        OciLayout.write(layout, DebianImage.TAG, TortureImage.smallLayers());
        ImagePublisher.push(layout, DebianImage.TAG, torture);
        ImagePublisher.push(TestImages.PYTHON.build(), DebianImage.TAG, python);
        unpacking = Unpacking.beginning(bed.directory());
        unpacked = ImageTrees.unpacked(ordinary, torture, bed.directory("u"));
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    /** With its own books: else it would keep to what it has made before. */
    private Soci soci() throws IOException {
        return Soci.of(program, ordinary, bed.directory("s" + counter++));
    }

    private String converted(Soci soci, String image) throws IOException {
        String target = image.substring(0, image.lastIndexOf(':')) + ":v2-" + counter++;
        soci.convert(image, target);
        return target;
    }

    /**
     * Starts a node.
     *
     * @param top keys of its configuration
     * @param tables of its configuration
     */
    private SluiceNode start(TestBed node, String top, String tables) throws IOException {
        return SluiceNode.start(
                node,
                Machine.newestContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "auto",
                top + SluiceProcess.Settings.plainHttp(List.of(registry.address())) + tables);
    }

    private TreeDigest tree(SluiceNode node, String reference) throws IOException {
        node.client().pull(reference, SluiceProcess.NAME);
        return ImageTrees.view(node.client(), SluiceProcess.NAME, reference, bed.directory("m" + counter++));
    }

    /** Formats of the layers that a node has. */
    private static List<String> formats(SluiceNode node) throws IOException {
        List<String> formats = new ArrayList<>();
        try (Stream<Path> layers = Files.list(node.sluice().settings().root().resolve("layers"))) {
            for (Path layer : layers.toList()) {
                JsonNode written =
                        new ObjectMapper().readTree(layer.resolve("layer.json").toFile());
                formats.add(written.path("format").asText());
            }
        }
        return formats;
    }

    @ParameterizedTest(name = "spans of {0} bytes")
    @ValueSource(longs = {10_000, 1 << 20, 4 << 20})
    void anImageThatNamesItsIndexLooksAsWithOverlayfs(long spanSize) throws IOException {
        String reference = converted(soci().withSpanSize(spanSize), torture);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            TreeDigest lazy = tree(node, reference);
            assertThat(unpacking.differences(unpacked, lazy)).isEmpty();
            assertThat(new TreeSet<>(formats(node))).containsExactly("soci");
        }
    }

    @Test
    void anIndexThatRefersToTheImageIsBelievedIfTheRegistryIs() throws IOException {
        soci().withSpanSize(100_000).index(torture);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", BELIEVE_REGISTRY);
            assertThat(unpacking.differences(unpacked, tree(node, torture))).isEmpty();
            assertThat(new TreeSet<>(formats(node))).containsExactly("soci");
        }
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            node.client().pull(torture, SluiceProcess.NAME);
            assertThat(new TreeSet<>(formats(node))).containsExactly("tar+gzip");
        }
    }

    @Test
    void smallLayersHaveNoZtocAndAreFetchedAsAWhole() throws IOException {
        List<Long> sizes = new ArrayList<>();
        RemoteManifest.fetch(torture)
                .layers()
                .forEach(layer -> sizes.add(layer.path("size").asLong()));
        String reference = converted(soci().withMinLayerSize(Collections.max(sizes)), torture);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            assertThat(unpacking.differences(unpacked, tree(node, reference))).isEmpty();
            assertThat(formats(node)).contains("tar+gzip").containsOnlyOnce("soci");
        }
    }

    @Test
    void aContainerRunsFromAPart() throws IOException {
        String reference = converted(soci().withSpanSize(1 << 20), python);
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "prefetch = false\n", "");
            AccessLog before = registry.accessLog();
            node.client().pull(reference, SluiceProcess.NAME);
            assertThat(node.client()
                            .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                            .stdout())
                    .isEqualTo("hello\n");
            AccessLog log = registry.accessLog().since(before);
            System.out.printf(
                    "SOCI: %d of %d bytes in %d requests%n",
                    log.bytes(), manifest.layerBytes(), log.requests().size());
            assertThat(log.bytes()).isLessThan(manifest.layerBytes() / 2);
            assertThat(explain(reference)).hasSameSizeAs(manifest.layers()).allSatisfy(layer -> {
                assertThat(layer.path("lazy").asBoolean()).isTrue();
                assertThat(layer.path("format").asText()).isEqualTo("soci");
                assertThat(layer.path("reason").asText()).contains("SOCI index");
            });
        }
    }

    private JsonNode explain(String reference) throws IOException {
        Path config = bed.directory().resolve("explain.toml");
        Files.writeString(
                config,
                "root = \"" + bed.directory("stranger") + "\"\n"
                        + SluiceProcess.Settings.plainHttp(List.of(registry.address())));
        String said = Command.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        "explain",
                        "--json",
                        reference,
                        "--config",
                        config.toString())
                .run()
                .stdout();
        return new ObjectMapper().readTree(said);
    }

    @Test
    void whatIsWantedAtStartIsFetchedBeforeAnybodyReads() throws IOException {
        String file = "usr/share/common-licenses/GPL-3";
        String reference = converted(soci().withSpanSize(100_000).withPrefetch("./" + file, "/" + file), python);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            RemoteManifest manifest = RemoteManifest.fetch(reference);
            AccessLog before = registry.accessLog();
            node.client().pull(reference, SluiceProcess.NAME);
            try (MountedView view =
                    node.client().view(SluiceProcess.NAME, manifest.chainId(), bed.directory("m" + counter++))) {
                await().atMost(Duration.ofMinutes(1))
                        .until(() -> layerBytes(manifest, registry.accessLog().since(before)) > 0);
                AccessLog fetched = registry.accessLog();
                assertThat(Files.readString(view.target().resolve(file))).contains("GNU GENERAL PUBLIC LICENSE");
                assertThat(layerBytes(manifest, registry.accessLog().since(fetched)))
                        .isZero();
            }
        }
    }

    private static long layerBytes(RemoteManifest manifest, AccessLog log) {
        return manifest.layers().stream()
                .mapToLong(layer ->
                        log.bytesByDigest().getOrDefault(layer.path("digest").asText(), 0L))
                .sum();
    }

    @Test
    void bytesThatDoNotHaveTheirDigestAreNotShown() throws IOException {
        String reference = SociForgery.push(converted(soci(), python), "other-digests", SociForgery::otherDigests);
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            node.client().pull(reference, SluiceProcess.NAME);
            assertThat(new TreeSet<>(formats(node))).containsExactly("soci");
            String chainId = RemoteManifest.fetch(reference).chainId();
            try (MountedView view = node.client().view(SluiceProcess.NAME, chainId, bed.directory("m" + counter++))) {
                Path file = view.target().resolve("usr/bin/bash");
                assertThat(file).exists();
                Command.Result read = Command.of("cat", file.toString()).runForResult();
                assertThat(read.exitCode()).isNotZero();
                assertThat(read.stdout()).isEmpty();
                assertThat(read.stderr()).contains("Input/output error");
            }
        }
    }

    @Test
    void theZtocOfAnotherLayerIsOfNoUse() throws IOException {
        String reference = SociForgery.push(converted(soci(), python), "swapped", ztocs -> {
            List<byte[]> swapped = new ArrayList<>(ztocs);
            Collections.reverse(swapped);
            return swapped;
        });
        try (TestBed own = bed.nested()) {
            SluiceNode node = start(own, "", "");
            assertThat(RemoteManifest.fetch(reference).layers()).hasSize(2);
            node.client().pull(reference, SluiceProcess.NAME);
            assertThat(new TreeSet<>(formats(node))).containsExactly("tar+gzip");
            assertThat(node.client()
                            .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                            .stdout())
                    .isEqualTo("hello\n");
        }
    }
}
