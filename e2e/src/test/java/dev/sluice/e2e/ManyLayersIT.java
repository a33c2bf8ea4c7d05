package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** An image may have as many layers as containerd's own test suite has, and all of them are lazy. */
class ManyLayersIT {
    private static final int LAYERS = 128;

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote");
    }

    @Test
    void allOfThemAreLazyAndSeenOneOverTheOther() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = publish(bed, registry);
            ContainerdClient client = SluiceNode.start(
                            bed,
                            Machine.newestContainerd(),
                            Machine.distribution(),
                            "auto",
                            List.of(registry.address()))
                    .client();

            client.pull(reference, SluiceProcess.NAME);
            Path mountPoint = bed.directory("m");
            images(client, "mount", reference, mountPoint.toString());

            assertThat(mountPoint.resolve("overwritten")).hasContent("layer 127");
            assertThat(mountPoint.resolve("gone-126")).doesNotExist();
            assertThat(mountPoint.resolve("gone-127")).exists();
            for (int layer = 0; layer < LAYERS; layer++) {
                assertThat(mountPoint.resolve("directory/file-" + layer)).hasContent("of layer " + layer);
            }
            images(client, "unmount", "--rm", mountPoint.toString());
            try (Stream<Path> lazy = Files.list(bed.directory().resolve("s/root/layers"))) {
                assertThat(lazy).hasSize(LAYERS);
            }
            try (Stream<Path> ordinary = Files.list(bed.directory().resolve("s/root/snapshots"))) {
                assertThat(ordinary)
                        .as("directories of layers that are not lazy")
                        .isEmpty();
            }
        }
    }

    private static void images(ContainerdClient client, String command, String... arguments) throws IOException {
        client.command("images", command, "--snapshotter", SluiceProcess.NAME)
                .withArguments(List.of(arguments))
                .run();
    }

    private static String publish(TestBed bed, RegistryProcess registry) throws IOException {
        Path layout = bed.directory("image");
        OciLayout.write(
                layout,
                "latest",
                IntStream.range(0, LAYERS).mapToObj(ManyLayersIT::layer).toList());
        String plain = registry.address() + "/many:latest";
        String estargz = registry.address() + "/many:estargz";
        ImagePublisher.push(layout, "latest", plain);
        try (ContainerdProcess ordinary =
                ContainerdProcess.start(bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN)) {
            Estargz.convert(ordinary.client(), plain, estargz);
        }
        return estargz;
    }

    private static List<TarEntry> layer(int number) {
        List<TarEntry> entries = new ArrayList<>(List.of(
                TarEntry.directory("directory"),
                file("directory/file-" + number, "of layer " + number),
                file("overwritten", "layer " + number),
                file("gone-" + number, "")));
        if (number > 0) {
            entries.add(TarEntry.whiteout("gone-" + (number - 1)));
        }
        return entries;
    }

    private static TarEntry file(String path, String contents) {
        return TarEntry.file(path, contents.getBytes(StandardCharsets.UTF_8));
    }
}
