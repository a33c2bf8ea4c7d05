package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.Recompression;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Plain images look the same, down to the last extended attribute, unpacked by containerd for overlayfs and fetched by Sluice; and again
 * when they are pulled for a second time, so that they are lazy and every byte is decoded from the middle.
 */
@TestInstance(Lifecycle.PER_CLASS)
class PlainTreesIT {
    private final TestBed bed;
    private final RegistryProcess registry;
    private final ContainerdClient ordinary;
    private final SluiceNode node;
    private final Unpacking unpacking;
    private final Image torture;
    private final Image debian;
    private int mounts;

    PlainTreesIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        node = SluiceNode.start(
                bed, Machine.installedContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
        Path layout = bed.directory("torture");
        OciLayout.write(layout, DebianImage.TAG, TortureImage.layers());
        unpacking = Unpacking.beginning(bed.directory());
        torture = image("torture", layout);
        debian = image("debian", TestImages.PYTHON.build());
    }

    /** @param tree as overlayfs shows it */
    private record Image(Path layout, TreeDigest tree) {}

    private Image image(String name, Path layout) throws IOException {
        String reference = registry.address() + "/" + name + ":gzip";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        return new Image(layout, ImageTrees.unpacked(ordinary, reference, bed.directory("u-" + name)));
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @ParameterizedTest
    @CsvSource({
        "torture, gzip",
        "torture, NONE",
        "torture, ZSTD",
        "torture, ZSTD_FRAMES",
        "debian, gzip",
        "debian, NONE",
        "debian, ZSTD_FRAMES"
    })
    void sluiceShowsTheSameTreeAsOverlayfs(String name, String form) throws IOException {
        Image image = name.equals("torture") ? torture : debian;
        String reference = registry.address() + "/" + name + ":" + form;
        if (!form.equals("gzip")) {
            Path layout = bed.directory(name + "-" + form);
            Recompression.valueOf(form).write(image.layout(), layout);
            ImagePublisher.push(layout, DebianImage.TAG, reference);
        }

        TreeDigest whole = ImageTrees.lazy(node, registry, reference, bed.directory("m" + mounts++));
        node.client().command("images", "rm", "--sync", reference).run();
        await().atMost(Duration.ofMinutes(2)).until(() -> layers().isEmpty());
        TreeDigest again = ImageTrees.lazy(node, registry, reference, bed.directory("m" + mounts++));
        node.client().command("images", "rm", "--sync", reference).run();
        await().atMost(Duration.ofMinutes(2)).until(() -> layers().isEmpty());

        assertThat(unpacking.differences(image.tree(), whole)).isEmpty();
        assertThat(unpacking.differences(image.tree(), again)).isEmpty();
    }

    private List<Path> layers() throws IOException {
        try (Stream<Path> entries = Files.list(node.sluice().settings().root().resolve("layers"))) {
            return entries.toList();
        }
    }
}
