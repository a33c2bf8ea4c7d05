package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Annotation;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.Recompression;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** Honest images that have the same diff IDs by different blobs or indexes live together on one node, whichever comes first. */
@TestInstance(Lifecycle.PER_CLASS)
class SettledLayersIT {
    private static final Pattern PUBLISHED = Pattern.compile("published as (\\S+) for manifest (\\S+)");

    private final TestBed bed;
    private final RegistryProcess registry;
    private final String gzip;
    private final String zstd;
    private final String frames;
    private final String estargz;
    private final String recompressed;
    private final String sharing;
    /** Where the node's configuration pins the index of the gzip image. */
    private final String pinned;

    SettledLayersIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        gzip = push(TestImages.PYTHON.build(), "python:gzip");
        zstd = push(recompress(Recompression.ZSTD, TestImages.PYTHON.build()), "zstd:latest");
        frames = push(recompress(Recompression.ZSTD_FRAMES, TestImages.PYTHON.build()), "frames:latest");
        Path lazy = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        estargz = push(lazy, "estargz:latest");
        recompressed = push(recompress(Recompression.ZSTD, lazy), "recompressed:latest");
        sharing = push(withAnotherManifest(), "sharing:latest");
        pinned = publishIndexes(gzip);
    }

    private String push(Path layout, String name) throws IOException {
        String reference = registry.address() + "/" + name;
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        return reference;
    }

    private Path recompress(Recompression recompression, Path layout) throws IOException {
        Path target = Files.createTempDirectory(bed.directory(), "x");
        recompression.write(layout, target);
        return target;
    }

    /** An image that has all its layers in common with another one. */
    private Path withAnotherManifest() throws IOException {
        Path layout = bed.directory("another");
        ImagePublisher.fetch(gzip, layout, DebianImage.TAG);
        new Annotation("name", "another").addTo(layout);
        return layout;
    }

    /** @return the configuration that pins what was published */
    private String publishIndexes(String reference) throws IOException {
        Path config = bed.directory().resolve("maker.toml");
        Files.writeString(
                config,
                "root = \"" + bed.directory("maker") + "\"\n[registry]\nplain_http_hosts = [\"" + registry.address()
                        + "\"]\n");
        String said = Command.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        "index",
                        "push",
                        reference,
                        "--config",
                        config.toString())
                .run()
                .stdout();
        Matcher published = PUBLISHED.matcher(said);
        assertThat(published.find()).as(said).isTrue();
        return "[index]\npinned = { \"" + published.group(2) + "\" = \"" + published.group(1) + "\" }\n";
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void theImagesShareDiffIdsAndNotBlobs() throws IOException {
        assertThat(RemoteManifest.fetch(zstd).chainId())
                .isEqualTo(RemoteManifest.fetch(gzip).chainId());
        assertThat(RemoteManifest.fetch(recompressed).chainId())
                .isEqualTo(RemoteManifest.fetch(estargz).chainId());
        assertThat(RemoteManifest.fetch(sharing).layers())
                .isEqualTo(RemoteManifest.fetch(gzip).layers());
    }

    @Test
    void gzipThenZstdInTwoForms() throws IOException {
        assertLiveTogether(gzip, zstd, frames);
    }

    @Test
    void zstdThenGzip() throws IOException {
        assertLiveTogether(zstd, gzip);
    }

    @Test
    void lazyThenPlain() throws IOException {
        assertThat(assertLiveTogether(estargz, recompressed)).contains("is settled");
    }

    @Test
    void plainThenLazy() throws IOException {
        assertThat(assertLiveTogether(recompressed, estargz)).doesNotContain("is settled");
    }

    @Test
    void anImageWithAnIndexThenOneThatSharesItsLayersAndHasNone() throws IOException {
        AccessLog before = registry.accessLog();

        assertThat(assertLiveTogetherWith(pinned, gzip, sharing))
                .contains("Layer is lazy")
                .doesNotContain("was fetched in", "is settled");

        assertThat(registry.accessLog().since(before).bytes())
                .isLessThan(RemoteManifest.fetch(gzip).layerBytes() / 2);
    }

    @Test
    void anImageThatHasNoIndexThenOneThatSharesItsLayersAndHasOne() throws IOException {
        assertLiveTogetherWith(pinned, sharing, gzip);
    }

    /** @return the daemon's log */
    private String assertLiveTogether(String... references) throws IOException {
        return assertLiveTogetherWith("", references);
    }

    /** @param configuration what else the daemon is told */
    private String assertLiveTogetherWith(String configuration, String... references) throws IOException {
        try (TestBed own = bed.nested()) {
            SluiceNode node = SluiceNode.start(
                    own,
                    Machine.newestContainerd(),
                    ContainerdConfig.PLAIN,
                    Machine.distribution(),
                    "auto",
                    SluiceProcess.Settings.plainHttp(List.of(registry.address())) + configuration);
            for (String reference : references) {
                node.client().pull(reference, SluiceProcess.NAME);
                assertThat(hello(node, reference)).as(reference).isEqualTo("hello\n");
            }
            assertAllRun(node, references);
            node.sluice().kill();
            node.sluice().restart();
            node.awaitSnapshotter();
            assertAllRun(node, references);
            return Files.readString(node.sluice().log());
        }
    }

    private static void assertAllRun(SluiceNode node, String... references) throws IOException {
        for (String reference : references) {
            assertThat(hello(node, reference)).as(reference).isEqualTo("hello\n");
        }
    }

    private static String hello(SluiceNode node, String image) throws IOException {
        return node.client()
                .run(image, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                .stdout();
    }
}
