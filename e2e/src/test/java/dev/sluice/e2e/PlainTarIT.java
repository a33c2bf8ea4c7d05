package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The tars that Go's and Python's own tests are made of, each as the one layer of an image: what containerd unpacks for overlayfs looks the
 * same with Sluice, and what it refuses is refused.
 */
class PlainTarIT {
    private static final Path GO = Path.of("/usr/share/go-1.19/src/archive/tar/testdata");
    private static final Path PYTHON = Path.of("/usr/lib/python3.11/test/testtar.tar");
    /** containerd writes 60 GB for each of them. */
    private static final String HUGE = "-sparse-big.tar";

    private final TestBed bed;
    private int views;

    PlainTarIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo");
        assumeTrue(Files.isDirectory(GO), "needs Debian's golang-1.19-src");
        assumeTrue(Files.exists(PYTHON), "needs Debian's libpython3.11-testsuite");
        bed = Machine.newTestBed();
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void everyTarBecomesWhatContainerdMakesOfIt() throws IOException {
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        ContainerdClient ordinary = bed.add(
                        ContainerdProcess.start(bed.directory("o"), Machine.newestContainerd(), ContainerdConfig.PLAIN))
                .client();
        SluiceNode node = SluiceNode.start(
                bed, Machine.newestContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
        Unpacking unpacking = Unpacking.beginning(bed.directory());
        int accepted = 0;
        List<String> differences = new ArrayList<>();
        List<Path> tars = tars();
        for (Path tar : tars) {
            String name = tar.getFileName().toString();
            String reference = registry.address() + "/" + name.replaceAll("[^a-z0-9]", "") + ":latest";
            Path layout = bed.directory("i-" + name);
            OciLayout.writeTars(layout, "latest", List.of(tar));
            ImagePublisher.push(layout, "latest", reference);
            Optional<TreeDigest> expected = pulled(ordinary, ContainerdClient.OVERLAYFS, reference);
            Optional<TreeDigest> actual = pulled(node.client(), SluiceProcess.NAME, reference);
            if (expected.isPresent() != actual.isPresent()) {
                differences.add(name + ": containerd " + (expected.isPresent() ? "takes" : "refuses") + " it");
            } else if (expected.isPresent()) {
                accepted++;
                unpacking
                        .differences(expected.get(), actual.orElseThrow())
                        .forEach(difference -> differences.add(name + ": " + difference));
            }
        }
        String log = Files.readString(node.sluice().log());
        System.out.printf(
                "%d tars, %d taken by containerd, %d fetched by Sluice itself%n",
                tars.size(),
                accepted,
                log.lines().filter(line -> line.contains("was fetched in")).count());

        assertThat(differences).isEmpty();
        assertThat(accepted).isGreaterThan(10).isLessThan(tars.size());
    }

    private static List<Path> tars() throws IOException {
        try (Stream<Path> go = Files.list(GO)) {
            return Stream.concat(go.filter(file -> file.toString().endsWith(".tar")), Stream.of(PYTHON))
                    .filter(file -> !file.toString().endsWith(HUGE))
                    .sorted()
                    .toList();
        }
    }

    private Optional<TreeDigest> pulled(ContainerdClient client, String snapshotter, String reference)
            throws IOException {
        Command.Result pull = client.command("images", "pull", "--plain-http", "--snapshotter", snapshotter, reference)
                .runForResult();
        return pull.exitCode() == 0
                ? Optional.of(ImageTrees.view(client, snapshotter, reference, bed.directory("v" + views++)))
                : Optional.empty();
    }
}
