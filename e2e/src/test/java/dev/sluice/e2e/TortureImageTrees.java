package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * The awkward image is a legal one: what containerd makes of it does not depend on how it is compressed, and a lazy mount of it
 * shows the same.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class TortureImageTrees {

    private final TestBed bed;
    private final Unpacking unpacking;
    private final TreeDigest plain;
    private final TreeDigest estargz;
    private final TreeDigest lazy;

    TortureImageTrees(String backend) throws IOException {
        Machine.assumeRoot();
        assumeTrue(Machine.backends().contains(backend), "auto takes " + backend + " here, if it works");
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        bed = Machine.newTestBed();
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", TortureImage.layers());
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String plainReference = registry.address() + "/torture:latest";
        String estargzReference = registry.address() + "/torture:estargz";
        ImagePublisher.push(layout, "latest", plainReference);
        ContainerdClient ordinary = bed.add(ContainerdProcess.start(
                        bed.directory("o"), Machine.installedContainerd(), ContainerdConfig.PLAIN))
                .client();
        Estargz.convert(ordinary, plainReference, estargzReference);
        SluiceNode node = SluiceNode.start(
                bed, Machine.installedContainerd(), Machine.distribution(), backend, List.of(registry.address()));

        unpacking = Unpacking.beginning(bed.directory());
        plain = ImageTrees.unpacked(ordinary, plainReference, bed.directory("mp"));
        estargz = ImageTrees.unpacked(ordinary, estargzReference, bed.directory("me"));
        lazy = ImageTrees.lazy(node, registry, estargzReference, bed.directory("ml"));
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void overlayfsShowsTheSameTreeWhicheverWayItIsCompressed() {
        assertThat(plain.paths()).hasSizeGreaterThan(20_000);
        assertThat(unpacking.differencesToEstargz(plain, estargz)).isEmpty();
    }

    @Test
    void sluiceShowsTheSameTreeAsOverlayfs() {
        assertThat(unpacking.differences(plain, lazy)).isEmpty();
    }
}
