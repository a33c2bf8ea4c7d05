package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TortureImage;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The awkward image is a legal one: what containerd makes of it does not depend on how it is kept or compressed. */
class TortureImageIT {
    private static final List<String> UNNAMED =
            List.of(".", "many", "never", "never/named", "sizes", "special", "special/below");
    private static final List<String> BOOKKEEPING =
            List.of("stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark");

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("containerd", "docker-registry", "skopeo", "ctr-remote");
    }

    @Test
    void allOrdinaryWaysShowTheSameTree() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            Path layout = bed.directory("image");
            OciLayout.write(layout, "latest", TortureImage.layers());
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String plain = registry.address() + "/torture:latest";
            String estargz = registry.address() + "/torture:estargz";
            ImagePublisher.push(layout, "latest", plain);
            ContainerdClient client = bed.add(ContainerdProcess.start(
                            bed.directory("c"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN))
                    .client();

            TreeDigest overlayfs = pullAndMount(client, plain, "overlayfs", bed.directory("mo"));
            TreeDigest copied = pullAndMount(client, plain, "native", bed.directory("mn"));
            Estargz.convert(client, plain, estargz);
            TreeDigest converted = pullAndMount(client, estargz, "overlayfs", bed.directory("me"));

            assertThat(overlayfs.paths()).hasSizeGreaterThan(20_000);
            assertThat(differences(overlayfs, copied)).isEqualTo(List.of());
            assertThat(differences(overlayfs, converted)).isEqualTo(List.of());
        }
    }

    @Test
    void sluiceShowsTheSameTreeAsOverlayfs() throws IOException {
        try (TestBed bed = Machine.newTestBed()) {
            Path layout = bed.directory("image");
            OciLayout.write(layout, "latest", TortureImage.layers());
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String plain = registry.address() + "/torture:latest";
            String estargz = registry.address() + "/torture:estargz";
            ImagePublisher.push(layout, "latest", plain);
            ContainerdClient ordinary = bed.add(ContainerdProcess.start(
                            bed.directory("o"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN))
                    .client();
            Estargz.convert(ordinary, plain, estargz);
            ContainerdClient lazy = SluiceNode.start(
                            bed,
                            ContainerdBinaries.installed(),
                            Machine.distribution(),
                            "auto",
                            List.of(registry.address()))
                    .client();

            TreeDigest overlayfs = pullAndMount(ordinary, estargz, "overlayfs", bed.directory("mo"));
            lazy.pullLazily(estargz, SluiceProcess.NAME);
            Path mountPoint = bed.directory("ms");
            lazy.mountOnly(SluiceProcess.NAME, mountPoint);
            TreeDigest sluice = TreeDigest.of(mountPoint);
            lazy.unmountOnly(SluiceProcess.NAME, mountPoint);

            assertThat(differences(overlayfs, sluice)).isEqualTo(List.of());
        }
    }

    /**
     * All differences that are not made by unpacking: directories that no tar names get the time of the unpacking, and overlayfs
     * shows the files in which eStargz keeps its books, which a lazy snapshotter hides.
     */
    private static List<String> differences(TreeDigest first, TreeDigest second) {
        return first.differencesTo(second).stream()
                .filter(difference -> UNNAMED.stream().noneMatch(path -> difference.startsWith(path + ": mtime is ")))
                .filter(difference ->
                        BOOKKEEPING.stream().noneMatch(path -> difference.startsWith(path + ": only in ")))
                .toList();
    }

    private static TreeDigest pullAndMount(ContainerdClient client, String reference, String snapshotter, Path target)
            throws IOException {
        client.pull(reference, snapshotter);
        return mount(client, reference, snapshotter, target);
    }

    private static TreeDigest mount(ContainerdClient client, String reference, String snapshotter, Path target)
            throws IOException {
        client.mount(reference, snapshotter, target);
        TreeDigest digest = TreeDigest.of(target);
        client.unmount(snapshotter, target);
        return digest;
    }
}
