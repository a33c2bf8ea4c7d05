package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts;
import dev.sluice.linux.Mounts.OverlayUpper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real mounts of EROFS and overlayfs, in this and in other mount namespaces. */
class LayerUsersTest {
    private final Linux linux = Linux.load();
    private final Mounts mounts = linux.mounts();

    @TempDir
    private Path directory;

    private Path root;
    private Path layer;

    @BeforeEach
    void mountLayer() throws Exception {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        MkfsErofs.assumeUsable();
        directory = directory.toRealPath();
        root = directory.resolve("root");
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("hello"), "hello");
        MkfsErofs image = MkfsErofs.build(tree, Files.createDirectories(root.resolve("layers/1")));
        layer = Files.createDirectories(root.resolve("m/1"));
        mounts.erofs(image.metadata(), List.of(image.blob()), layer, List.of());
    }

    @AfterEach
    void unmountAll() throws IOException {
        List<MountTable.Mount> left = new ArrayList<>(MountTable.read().under(directory));
        Collections.reverse(left);
        for (MountTable.Mount mount : left) {
            mounts.unmount(Path.of(mount.mountPoint()), Mounts.UnmountFlag.DETACH);
        }
    }

    private Path place(String path) throws IOException {
        return Files.createDirectories(directory.resolve(path));
    }

    @Test
    void whatSluiceItselfHasMountedIsNoUse() throws IOException {
        assertThat(LayerUsers.of(root)).isEmpty();
    }

    /** Else all of the file system that it comes from would be in use. */
    @Test
    void aDirectoryThatAnAdministratorHasMountedBelowIsNoUse() throws IOException {
        mounts.bind(place("disk"), place("root/indexes"));

        assertThat(LayerUsers.of(root)).isEmpty();
    }

    @Test
    void aContainerIsNamedByIdAndNamespace() throws IOException {
        mounts.overlay(List.of(layer, place("other")), null, place("io.containerd.runtime.v2.task/k8s.io/web/rootfs"));
        mounts.overlay(
                List.of(layer, place("other")), null, place("io.containerd.runtime.v1.linux/default/old/rootfs"));

        assertThat(LayerUsers.of(root)).containsExactly("container old (default)", "container web (k8s.io)");
    }

    @Test
    void aWritableLayerAloneIsAUse() throws IOException {
        Path other = place("other");
        OverlayUpper upper = new OverlayUpper(place("root/snapshots/7/fs"), place("root/snapshots/7/work"));
        Path target = place("scratch");
        mounts.overlay(List.of(other), upper, target);

        assertThat(LayerUsers.of(root)).containsExactly(target.toString());
    }

    @Test
    void aBindMountOfALayerIsAUse() throws IOException {
        Path target = place("volume");
        mounts.bind(layer, target);

        assertThat(LayerUsers.of(root)).containsExactly(target.toString());
    }

    /** containerd leaves out of long lists of lowers what all have in common. */
    @Test
    void lowersThatAreRelativeToTheDirectoryOfMountsAreOurs() throws Exception {
        Path target = place("run");
        Files.createDirectories(root.resolve("m/2"));
        mountFrom(root.resolve("m"), "lowerdir=1:2", target);

        assertThat(LayerUsers.of(root)).containsExactly(target.toString());
    }

    @Test
    void lowersOfOthersThatAreRelativeAreNot() throws Exception {
        mountFrom(
                place("others/m"),
                "lowerdir=" + place("others/m/a").getFileName() + ":"
                        + place("others/m/b").getFileName(),
                place("run"));

        assertThat(LayerUsers.of(root)).isEmpty();
    }

    @Test
    void aRootDirectoryWhoseNameBeginsLikeOursIsSomebodyElses() throws IOException {
        mounts.overlay(List.of(place("root2/m/1"), place("root2/m/2")), null, place("run"));

        assertThat(LayerUsers.of(root)).isEmpty();
    }

    /** What a container has is in its own namespace, and stays there when it is unmounted here. */
    @Test
    void aMountOfAnotherNamespaceIsAUseUntilItsProcessEnds() throws Exception {
        Path target = place("inside");
        Process process = new ProcessBuilder(
                        "unshare",
                        "--mount",
                        "--propagation=private",
                        "sh",
                        "-c",
                        "mount -t overlay overlay -o lowerdir=" + layer + ":" + place("other") + " " + target
                                + " && echo mounted && exec sleep infinity")
                .redirectErrorStream(true)
                .start();
        try (var output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("mounted");

            assertThat(LayerUsers.of(root)).containsExactly(target + " of process " + process.pid());
        } finally {
            process.destroyForcibly().waitFor();
        }
        assertThat(LayerUsers.of(root)).isEmpty();
    }

    @Test
    void aContainerThatIsInTwoNamespacesIsNamedOnce() throws Exception {
        mounts.overlay(List.of(layer, place("other")), null, place("io.containerd.runtime.v2.task/k8s.io/web/rootfs"));
        Process process =
                new ProcessBuilder("unshare", "--mount", "sh", "-c", "echo here && exec sleep infinity").start();
        try (var output = process.inputReader()) {
            assertThat(output.readLine()).isEqualTo("here");

            assertThat(LayerUsers.of(root)).containsExactly("container web (k8s.io)");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static void mountFrom(Path working, String options, Path target) throws Exception {
        Process mount = new ProcessBuilder("mount", "-i", "-t", "overlay", "overlay", "-o", options, target.toString())
                .directory(working.toFile())
                .inheritIO()
                .start();
        assertThat(mount.waitFor()).isZero();
    }
}
