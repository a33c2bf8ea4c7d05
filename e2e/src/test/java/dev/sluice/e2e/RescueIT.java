package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code sluice rescue}, while the daemon is dead and a container waits for data. */
class RescueIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    /** Reads the file each time it is told to, and leaves what came of it. */
    private static final String READ_WHEN_TOLD = "for i in 1 2; do"
            + " until [ -e /out/go$i ]; do sleep 0.1; done;"
            + " sha256sum /cold/file > /out/sum$i 2>&1; touch /out/done$i;"
            + " done";

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        Machine.assumeKernel(6, 9);
    }

    static List<String> backends() throws IOException {
        return Machine.backends().contains("fanotify") ? List.of("fanotify", "fuse") : List.of("fuse");
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aContainerThatWaitsGetsAnErrorAndTheBytesOnceThereIsADaemon(String backend) throws IOException {
        byte[] contents = new byte[3_000_000];
        new Random(1).nextBytes(contents);
        List<TarEntry> layer = List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("out"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64"),
                TarEntry.directory("cold"),
                TarEntry.file("cold/file", contents));
        try (TestBed bed = Machine.newTestBed()) {
            Path image = Estargz.build("rescue", List.of(layer), bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/rescue:estargz";
            ImagePublisher.push(image, DebianImage.TAG, reference);
            SluiceNode node = SluiceNode.start(
                    bed,
                    Machine.installedContainerd(),
                    ContainerdConfig.PLAIN,
                    Machine.distribution(),
                    backend,
                    "keeper = \"process\"\nprefetch = false\n" + SluiceProcess.Settings.PATIENT);
            node.client().pullLazily(reference, SluiceProcess.NAME);
            Path out = bed.directory("out");
            node.client()
                    .command("run", "--detach", "--null-io", "--snapshotter", SluiceProcess.NAME)
                    .withArguments(List.of("--mount", "type=bind,src=/usr,dst=/usr,options=rbind:ro"))
                    .withArguments(List.of("--mount", "type=bind,src=" + out + ",dst=/out,options=rbind:rw"))
                    // Containers of all containerds on a machine share one directory of runc's.
                    .withArguments(List.of(
                            reference,
                            "rescue-" + ProcessHandle.current().pid(),
                            "/usr/bin/bash",
                            "-c",
                            READ_WHEN_TOLD))
                    .run();

            Command rescue = rescue(node);
            assertThat(rescue.runForResult().stderr()).contains("a daemon is running");
            node.sluice().kill();
            Files.createFile(out.resolve("go1"));
            // Only those that wait already are let go.
            assertThat(Poll.until(PATIENCE, () -> {
                        rescue.run();
                        return Files.exists(out.resolve("done1"));
                    }))
                    .isTrue();
            assertThat(out.resolve("sum1")).content().contains("/cold/file").contains("Input/output error");

            node.sluice().restart();
            Files.createFile(out.resolve("go2"));
            assertThat(Poll.until(PATIENCE, () -> Files.exists(out.resolve("done2"))))
                    .isTrue();
            assertThat(out.resolve("sum2")).content().startsWith(Digests.sha256(contents));
        }
    }

    private static Command rescue(SluiceNode node) {
        SluiceProcess.Settings settings = node.sluice().settings();
        return Command.of(
                settings.distribution().resolve("bin/sluice").toString(),
                "rescue",
                "--once",
                "--root",
                settings.root().toString());
    }
}
