package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootDirectoryTest {
    @TempDir
    Path directory;

    @Test
    void itBelongsToItsOwnerAndIsNamedWithoutLinks() throws Exception {
        Path real = Files.createDirectory(directory.toRealPath().resolve("real"));
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);

        try (RootDirectory root = RootDirectory.open(link)) {
            assertThat(root.path()).isEqualTo(real);
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(real)))
                    .isEqualTo("rwx------");
        }
    }

    @Test
    void nobodyElseUsesItUntilItIsClosed() throws Exception {
        Path path = directory.resolve("root");
        try (RootDirectory root = RootDirectory.open(path)) {
            assertThat(lockedByAnotherProcess(root.path())).isFalse();
            assertThatThrownBy(() -> RootDirectory.open(path))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("uses the root directory");
        }
        assertThat(lockedByAnotherProcess(path)).isTrue();
        RootDirectory.open(path).close();
    }

    /** Whether another process gets the lock, and so could use the directory. */
    private static boolean lockedByAnotherProcess(Path root) throws Exception {
        Process python = new ProcessBuilder(
                        "python3",
                        "-c",
                        "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)",
                        root.resolve("sluice.lock").toString())
                .start();
        return python.waitFor() == 0;
    }
}
