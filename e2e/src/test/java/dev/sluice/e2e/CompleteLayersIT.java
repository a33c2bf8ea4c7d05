package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Once all layers of an image are complete, its containers need nothing of ours any more: no daemon, no keeper, no registry. */
class CompleteLayersIT {
    private static final String NOTHING_IN_THE_BACKGROUND =
            SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n";
    private static final String ALL_IN_THE_BACKGROUND =
            "prepare_timeout = \"5m\"\nbackground_delay = \"0s\"\nbackground_rate = \"100GiB\"\n";

    private final TestBed bed;
    private final RegistryProcess registry;
    private final ReaderImage image;
    private final String reference;

    CompleteLayersIT() throws IOException {
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        image = ReaderImage.make(bed);
        reference = image.push(registry.address());
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote", "python3");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    /** With fanotify the very mounts that waited for us need us no longer. */
    @Test
    void aContainerThatBeganOnFanotifyGoesOnAloneWhenAllIsHere() throws IOException {
        assumeTrue(Machine.backends().contains("fanotify"), "needs Linux 6.15 and ext4, xfs or btrfs");
        SluiceNode node = start("fanotify");
        node.client().pullLazily(reference, SluiceProcess.NAME);
        ReaderContainer container = ReaderContainer.start(bed, node, reference, "first");
        image.assertRight(container, "read");
        assertThat(CompleteLayers.marked(node)).hasSizeGreaterThanOrEqualTo(ReaderImage.layers() - 1);

        node.sluice().restart(ALL_IN_THE_BACKGROUND);
        CompleteLayers.awaitThem(node);
        CompleteLayers.endAllElse(node, registry);

        image.assertAllRight(container);

        PageCache.drop();
        node.sluice().restart();
        node.awaitSnapshotter();
        assertThat(node.sluice().status().path("tainted")).isEmpty();
        image.assertAllRight(container);
        PageCache.drop();
        image.assertAllRight(ReaderContainer.start(bed, node, reference, "second"));
    }

    /** With FUSE a mount stays what it was, so only containers that are started after the next start of the daemon are alone. */
    @Test
    void onFuseANewMountIsAloneAndAnOldOneIsNot() throws IOException {
        SluiceNode node = start("fuse");
        node.client().pullLazily(reference, SluiceProcess.NAME);
        ReaderContainer before = ReaderContainer.start(bed, node, reference, "before");
        image.assertRight(before, "read");

        node.sluice().restart(ALL_IN_THE_BACKGROUND);
        node.awaitSnapshotter();
        CompleteLayers.awaitThem(node);
        node.sluice().restart();
        node.awaitSnapshotter();
        ReaderContainer after = ReaderContainer.start(bed, node, reference, "after");
        CompleteLayers.endAllElse(node, registry);

        image.assertAllRight(after);
        assertThatThrownBy(() -> image.assertRight(before, "mmap"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exit code");

        PageCache.drop();
        node.sluice().restart();
        node.awaitSnapshotter();
        image.assertAllRight(after);
        image.assertAllRight(ReaderContainer.start(bed, node, reference, "last"));
    }

    private SluiceNode start(String backend) throws IOException {
        return SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                backend,
                NOTHING_IN_THE_BACKGROUND);
    }
}
