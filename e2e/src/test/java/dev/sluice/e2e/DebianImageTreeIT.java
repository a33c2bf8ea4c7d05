package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Real images look the same, down to the last extended attribute, mounted lazily and unpacked for overlayfs. */
@TestInstance(Lifecycle.PER_CLASS)
class DebianImageTreeIT {

    private final TestBed bed;
    private final RegistryProcess registry;
    private final ContainerdClient ordinary;
    private final SluiceNode node;

    DebianImageTreeIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        node = SluiceNode.start(
                bed, Machine.installedContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
    }

    static Stream<Named<DebianImage>> images() {
        return Stream.of(Named.of("Python", TestImages.PYTHON), Named.of("Python, Node and a JDK", Demo.IMAGE));
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @ParameterizedTest
    @MethodSource("images")
    void sluiceShowsTheSameTreeAsOverlayfs(DebianImage image) throws IOException {
        String plain = registry.address() + "/" + image.name() + ":plain";
        String estargz = registry.address() + "/" + image.name() + ":estargz";
        ImagePublisher.push(image.build(), DebianImage.TAG, plain);
        ImagePublisher.push(
                Estargz.build(image, bed.directory("i" + image.layers().size())), DebianImage.TAG, estargz);

        Unpacking unpacking = Unpacking.beginning(bed.directory());
        TreeDigest unpacked = ImageTrees.unpacked(ordinary, plain, bed.directory("mo-" + image.name()));
        TreeDigest lazy = ImageTrees.lazy(node, registry, estargz, bed.directory("ms-" + image.name()));

        assertThat(unpacked.paths()).hasSizeGreaterThan(5_000);
        assertThat(unpacking.differences(unpacked, lazy)).isEmpty();
    }
}
