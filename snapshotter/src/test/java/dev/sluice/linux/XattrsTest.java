package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XattrsTest {
    private final Linux linux = Linux.load();
    private final Xattrs xattrs = linux.xattrs();

    @TempDir
    Path directory;

    private Path file = Path.of("");

    @BeforeEach
    void createFile() throws IOException {
        file = Files.createFile(directory.resolve("f"));
    }

    @Test
    void listsAndGetsWhatWasSet() throws IOException {
        xattrs.set(file, "user.small", "value".getBytes(UTF_8));
        xattrs.set(file, "user.empty", new byte[0]);
        xattrs.set(file, "user.large", new byte[2000]);

        assertThat(xattrs.list(file)).containsExactlyInAnyOrder("user.small", "user.empty", "user.large");
        assertThat(xattrs.get(file, "user.small").orElseThrow()).asString(UTF_8).isEqualTo("value");
        assertThat(xattrs.get(file, "user.empty").orElseThrow()).isEmpty();
        assertThat(xattrs.get(file, "user.large").orElseThrow()).hasSize(2000);
    }

    @Test
    void listsMoreNamesThanUsual() throws IOException {
        for (int i = 0; i < 60; i++) {
            xattrs.set(file, "user.attribute-with-a-name-" + i, new byte[0]);
        }

        assertThat(xattrs.list(file)).hasSize(60);
    }

    @Test
    void anAttributeThatIsNotThereIsEmpty() throws IOException {
        assertThat(xattrs.get(file, "user.none")).isEmpty();
    }

    @Test
    void doesNotFollowASymbolicLink() throws IOException {
        xattrs.set(file, "user.x", new byte[1]);
        Path link = Files.createSymbolicLink(directory.resolve("link"), file);

        assertThat(xattrs.list(link)).isEmpty();
    }

    @Test
    void failsForAMissingFile() {
        assertThatThrownBy(() -> xattrs.list(directory.resolve("missing"))).hasMessageContaining("ENOENT");
    }
}
