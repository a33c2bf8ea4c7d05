package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileStatusTest {
    private final Linux linux = Linux.load();

    @TempDir
    Path directory;

    @Test
    void tellsWhatTheFileSystemKnows() throws IOException {
        Path file = Files.writeString(directory.resolve("f"), "12345");
        Files.createLink(directory.resolve("second"), file);
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_700_000_000, 123_456_789)));
        Files.setAttribute(file, "unix:mode", 0104751);

        FileStatus status = linux.lstat(file);

        assertThat(status.isRegularFile()).isTrue();
        assertThat(status.permissions()).isEqualTo(04751);
        assertThat(status.size()).isEqualTo(5);
        assertThat(status.links()).isEqualTo(2);
        assertThat(status.mtimeSeconds()).isEqualTo(1_700_000_000);
        assertThat(status.mtimeNanos()).isEqualTo(123_456_789);
        assertThat(status.uid()).isEqualTo(Files.getAttribute(file, "unix:uid"));
        assertThat(status.gid()).isEqualTo(Files.getAttribute(file, "unix:gid"));
        assertThat(status.inode()).isEqualTo(Files.getAttribute(file, "unix:ino"));
        assertThat(status.device()).isEqualTo(Files.getAttribute(file, "unix:dev"));
    }

    @Test
    void doesNotFollowASymbolicLink() throws IOException {
        Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("missing"));

        assertThat(linux.lstat(link).isSymbolicLink()).isTrue();
        assertThat(linux.lstat(link).inode())
                .isEqualTo(Files.getAttribute(link, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    }

    @Test
    void tellsADeviceNodesNumbers() throws IOException {
        FileStatus status = linux.lstat(Path.of("/dev/null"));

        assertThat(status.rdevMajor()).isEqualTo(1);
        assertThat(status.rdevMinor()).isEqualTo(3);
    }

    @Test
    void takesPathsThatAreNoText() throws Exception {
        byte[] path = (directory + "/x").getBytes(UTF_8);
        path[path.length - 1] = (byte) 0xff;
        String octal = directory + "/\\377";
        assertThat(new ProcessBuilder("sh", "-c", "printf 123 > \"$(printf '" + octal + "')\"")
                        .start()
                        .waitFor())
                .isZero();

        assertThat(linux.lstat(path).size()).isEqualTo(3);
        assertThat(linux.xattrs().list(path)).isEmpty();
    }

    @Test
    void refusesANulByteInsteadOfCuttingThePath() {
        assertThatThrownBy(() -> linux.lstat(new byte[] {'/', 0, 'x'})).isInstanceOf(IllegalArgumentException.class);
    }
}
