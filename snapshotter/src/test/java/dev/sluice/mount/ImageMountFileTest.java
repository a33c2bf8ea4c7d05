package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.mount.ImageMounts.ImageMount;
import dev.sluice.mount.LazyLayers.LayerKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageMountFileTest {
    private static final List<ImageMount> MOUNTS = List.of(new ImageMount(
            "registry.example/app:1",
            Path.of("/mnt/app"),
            List.of(new LayerKey("a".repeat(64)), new LayerKey("b".repeat(64) + ".0123456789abcdef"))));

    @TempDir
    Path directory;

    private Path path;
    private ImageMountFile file;

    @BeforeEach
    void name() {
        path = directory.resolve("image-mounts.json");
        file = new ImageMountFile(path);
    }

    @Test
    void readsBackWhatWasWritten() throws IOException {
        assertThat(file.read()).isEmpty();
        file.write(MOUNTS);
        assertThat(file.read()).isEqualTo(MOUNTS);
    }

    @Test
    void putsADamagedFileAside() throws IOException {
        file.write(MOUNTS);
        byte[] whole = Files.readAllBytes(path);
        for (int length = 0; length < whole.length; length++) {
            byte[] cut = Arrays.copyOf(whole, length);
            Files.write(path, cut);

            assertThat(file.read()).as("%d bytes", length).isEmpty();
            assertThat(path).doesNotExist();
            assertThat(directory.resolve("image-mounts.json.damaged")).hasBinaryContent(cut);
        }
    }

    @Test
    void leavesAFileOfAnotherVersionAsItIs() throws IOException {
        Files.writeString(path, "{\"magic\":\"sluice-image-mounts\",\"version\":2}");

        assertThatThrownBy(file::read).isInstanceOf(IOException.class).hasMessageContaining("version");
        assertThat(path).exists();
    }
}
