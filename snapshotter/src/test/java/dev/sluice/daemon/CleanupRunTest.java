package dev.sluice.daemon;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.MkfsErofs;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts;
import dev.sluice.linux.Mounts.OverlayUpper;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real mounts of EROFS and overlayfs, as a daemon leaves them, and a real keeper. */
class CleanupRunTest {
    private final Linux linux = Linux.load();
    private final Mounts mounts = linux.mounts();
    private final CleanupRun cleanup = new CleanupRun();

    @TempDir
    private Path directory;

    private Path root;
    private Config config;

    @BeforeEach
    void rootDirectory() throws Exception {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        directory = directory.toRealPath();
        root = directory.resolve("root");
        config = ConfigLoader.load(Optional.empty(), Map.of("root", root.toString()));
        RootDirectory.open(root).close();
    }

    @AfterEach
    void unmountAll() throws IOException {
        List<MountTable.Mount> left = new ArrayList<>(MountTable.read().under(directory));
        Collections.reverse(left);
        for (MountTable.Mount mount : left) {
            mounts.unmount(Path.of(mount.mountPoint()), Mounts.UnmountFlag.DETACH);
        }
    }

    /** As a layer that a daemon has mounted. */
    private Path mountLayer() throws Exception {
        MkfsErofs.assumeUsable();
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Files.writeString(tree.resolve("hello"), "hello");
        MkfsErofs image = MkfsErofs.build(tree, Files.createDirectories(root.resolve("layers/1")));
        Path target = Files.createDirectories(root.resolve("m/1"));
        mounts.erofs(image.metadata(), List.of(image.blob()), target, List.of());
        return target;
    }

    /** As the root file system of a container whose layer that is. */
    private Path mountContainer(Path layer, String id) throws Exception {
        Path rootfs = Files.createDirectories(directory
                .resolve("run/io.containerd.runtime.v2.task/k8s.io")
                .resolve(id)
                .resolve("rootfs"));
        Path snapshot = root.resolve("snapshots").resolve(id);
        OverlayUpper upper = new OverlayUpper(
                Files.createDirectories(snapshot.resolve("fs")), Files.createDirectories(snapshot.resolve("work")));
        mounts.overlay(List.of(layer), upper, rootfs);
        return rootfs;
    }

    @Test
    void whatIsMountedThereIsUnmountedAndTheFilesStay() throws Exception {
        Path layer = mountLayer();
        // And once more on top of it.
        mounts.bind(layer, layer);

        cleanup.cleanup(config, false, false);

        assertThat(MountTable.read().under(root)).isEmpty();
        assertThat(root.resolve("layers/1/meta.erofs")).exists();
    }

    @Test
    void underAContainerItIsRefusedByNameAndNothingChanges() throws Exception {
        Path rootfs = mountContainer(mountLayer(), "web");

        for (boolean check : List.of(true, false)) {
            assertThatThrownBy(() -> cleanup.cleanup(config, check, !check))
                    .isInstanceOf(IOException.class)
                    .hasMessage("the files of container web (k8s.io) come from " + root
                            + "; stop and remove what uses them first, and then try again");
        }

        assertThat(rootfs.resolve("hello")).hasContent("hello");
        mounts.unmount(rootfs);
        cleanup.cleanup(config, true, false);
        assertThat(MountTable.read().under(root)).as("a check changes nothing").isNotEmpty();
        cleanup.cleanup(config, false, true);
        assertThat(root).doesNotExist();
    }

    @Test
    void ofManyContainersTenAreNamed() throws Exception {
        Path layer = mountLayer();
        for (int i = 10; i < 22; i++) {
            mountContainer(layer, "c" + i);
        }

        assertThatThrownBy(() -> cleanup.cleanup(config, true, false))
                .hasMessageContaining("container c10 (k8s.io), container c11 (k8s.io)")
                .hasMessageContaining("container c19 (k8s.io) and 2 more come from");
    }

    @Test
    void theKeeperEnds() throws Exception {
        Path kept = Files.createFile(directory.resolve("kept"));
        try (ProcessKeeper keeper = ProcessKeeper.open(linux, root);
                LinuxFile file = linux.open(kept, OpenFlags.O_RDONLY, 0)) {
            keeper.keep("fuse", file);
        }
        assertThat(keepers()).isPositive();

        cleanup.cleanup(config, false, false);

        assertThat(keepers()).isZero();
    }

    private long keepers() throws IOException {
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            return processes.filter(process -> holds(process, root.toString())).count();
        }
    }

    private static boolean holds(Path process, String text) {
        try {
            return process.getFileName().toString().matches("[0-9]+")
                    && Files.readString(process.resolve("environ"), ISO_8859_1).contains("SLUICE_KEEPER")
                    && Files.readString(process.resolve("environ"), ISO_8859_1).contains(text);
        } catch (IOException e) {
            // It has ended, or is the kernel's.
            return false;
        }
    }

    @Test
    void whileADaemonRunsOnlyChecksAreAllowed() throws Exception {
        try (RootDirectory daemons = RootDirectory.open(root)) {
            assertThatThrownBy(() -> cleanup.cleanup(config, false, false))
                    .hasMessageContaining("uses the root directory");
            cleanup.cleanup(config, true, false);
            assertThat(cleanup.leftovers(config)).first().isEqualTo(daemons.path());
        }
    }

    @Test
    void deletingLeavesWhatSomebodyElseHasPutThere() throws Exception {
        Files.createDirectories(root.resolve("layers/1"));
        Path others = Files.writeString(root.resolve("notes.txt"), "mine");
        assertThat(cleanup.leftovers(config))
                .containsExactly(root, root.resolve("layers"), root.resolve(RootLayout.LOCK));

        cleanup.cleanup(config, false, true);

        assertThat(others).hasContent("mine");
        assertThat(root).isDirectoryNotContaining(path -> !path.equals(others));
        assertThat(cleanup.leftovers(config)).isEmpty();
    }

    @Test
    void whatALinkNamesStays() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
        Files.createFile(elsewhere.resolve("file"));
        Files.createSymbolicLink(root.resolve("indexes"), elsewhere);

        cleanup.cleanup(config, false, true);

        assertThat(root).doesNotExist();
        assertThat(elsewhere.resolve("file")).exists();
    }

    @Test
    void aDiskThatIsMountedThereStaysMountedAndIsEmpty() throws Exception {
        Path disk = Files.createDirectory(directory.resolve("disk"));
        mounts.bind(disk, root);
        RootDirectory.open(root).close();
        Files.createDirectories(root.resolve("layers/1"));

        cleanup.cleanup(config, false, true);

        assertThat(MountTable.read().at(root)).isPresent();
        assertThat(disk).isEmptyDirectory();
    }

    @Test
    void aDiskOfTheAdministratorsBelowItStaysMountedAndIsEmpty() throws Exception {
        Path disk = Files.createDirectories(directory.resolve("disk"));
        mounts.bind(disk, Files.createDirectory(root.resolve("layers")));
        mountLayer();

        cleanup.cleanup(config, false, true);

        assertThat(MountTable.read().under(root))
                .extracting(MountTable.Mount::mountPoint)
                .containsExactly(root + "/layers");
        assertThat(disk).isEmptyDirectory();
        assertThat(root.resolve("m")).doesNotExist();
    }

    /** Somebody has named the wrong one. */
    @Test
    void aDirectoryThatNoSluiceHasUsedIsNotTouched() throws Exception {
        Path precious = Files.createDirectories(directory.resolve("srv/layers/precious"));
        Path srv = directory.resolve("srv");
        Files.setPosixFilePermissions(srv, PosixFilePermissions.fromString("rwxr-xr-x"));
        Config wrong = ConfigLoader.load(Optional.empty(), Map.of("root", srv.toString()));

        cleanup.cleanup(wrong, false, true);

        assertThat(cleanup.leftovers(wrong)).isEmpty();
        assertThat(precious).exists();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(srv)))
                .isEqualTo("rwxr-xr-x");
        assertThat(srv.resolve(RootLayout.LOCK)).doesNotExist();
    }

    @Test
    void aDirectoryThatIsNotThereIsNotMade() throws Exception {
        Config nowhere = ConfigLoader.load(
                Optional.empty(), Map.of("root", directory.resolve("none").toString()));

        cleanup.cleanup(nowhere, false, true);

        assertThat(directory.resolve("none")).doesNotExist();
    }
}
