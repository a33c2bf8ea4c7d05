package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MountPointsTest {
    private static final Linux LINUX = Linux.load();

    @TempDir
    Path directory;

    @Test
    void aNumberIsNotUsedAgainAfterARestart() throws IOException {
        Files.createDirectories(directory.resolve("m/17"));
        Files.createDirectories(directory.resolve("m/9"));
        MountPoints mountPoints = new MountPoints(directory.resolve("m"), LINUX.mounts());

        mountPoints.detachAll();

        assertThat(directory.resolve("m")).isEmptyDirectory();
        assertThat(mountPoints.newDirectory()).hasFileName("18");
        assertThat(mountPoints.newDirectory()).hasFileName("19");
    }
}
