package dev.sluice.ondemand;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErofsMountersTest {
    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    @BeforeEach
    void needsRoot() throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
    }

    @AfterEach
    void unmountAll() throws IOException {
        for (MountTable.Mount mount : MountTable.read().under(directory)) {
            linux.mounts().unmount(Path.of(mount.mountPoint()), Mounts.UnmountFlag.DETACH);
        }
    }

    @Test
    void takesRegularFilesExactlyWhereTheyCanBeMounted() throws IOException {
        ErofsMounters.Choice choice = ErofsMounters.choose(linux, directory);

        assertThat(choice.mounter().way()).isEqualTo(regularFilesCanBeMounted() ? "regular files" : "loop devices");
        assertThat(directory).isEmptyDirectory();
    }

    /** As this kernel does not mount what lies on overlayfs, whatever its version. */
    @Test
    void takesLoopDevicesWhereRegularFilesCannotBeMounted() throws IOException {
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this kernel has no loop devices");
        Path overlay = overlay();

        ErofsMounters.Choice choice = ErofsMounters.choose(linux, overlay);

        assertThat(choice.mounter()).isInstanceOf(LoopErofs.class);
        assertThat(choice.reason())
                .startsWith("this kernel takes no regular files: mount erofs on ")
                .contains("ENOTBLK (Block device required)");
        assertThat(new ErofsTruncationProbe(linux, choice.mounter(), overlay)
                        .run()
                        .reason())
                .isEqualTo("on loop devices, reading from a short device fails as it should: Input/output error");
        assertThat(overlay).isEmptyDirectory();
    }

    @Test
    void aMissingDirectoryIsAnError() {
        assertThatThrownBy(() -> ErofsMounters.choose(linux, directory.resolve("missing")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("missing");
    }

    private Path overlay() throws IOException {
        Path lower = Files.createDirectory(directory.resolve("lower"));
        Path upper = Files.createDirectory(directory.resolve("upper"));
        Path work = Files.createDirectory(directory.resolve("work"));
        Path target = Files.createDirectory(directory.resolve("overlay"));
        linux.mounts().overlay(List.of(lower), new Mounts.OverlayUpper(upper, work), target);
        return target;
    }

    private boolean regularFilesCanBeMounted() throws IOException {
        try (ScratchMount mount = ScratchMount.create(linux, directory)) {
            Path device = Files.write(mount.directory().resolve("device"), ProbeImage.data());
            mount.mount(new FileBackedErofs(linux.mounts()), device);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
