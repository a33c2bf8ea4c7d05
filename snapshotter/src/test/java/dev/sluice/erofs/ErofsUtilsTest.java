package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that mkfs.erofs makes, which lay things out in other ways than ours. */
class ErofsUtilsTest {
    @TempDir
    Path temporary;

    private Path source = Path.of("");
    private Path image = Path.of("");

    @BeforeEach
    void makeSource() throws Exception {
        assumeTrue(Tool.exists("mkfs.erofs"), "mkfs.erofs is not installed");
        source = Files.createDirectory(temporary.resolve("source"));
        image = temporary.resolve("image.erofs");
        Files.createDirectories(source.resolve("a/b"));
        for (int i = 0; i < 500; i++) {
            Files.createFile(source.resolve("a/b/file-" + i));
        }
        Files.writeString(source.resolve("text"), "0123456789".repeat(1000));
        Files.writeString(source.resolve("a/small"), "small");
        Files.createSymbolicLink(source.resolve("link"), Path.of("a/b"));
        Files.createLink(source.resolve("a/hard"), source.resolve("text"));
    }

    @Test
    void namesAndContentsOfAPlainImage() throws Exception {
        Tool.run("mkfs.erofs", "-x-1", image.toString(), source.toString());
        try (ErofsReader reader = ErofsReader.open(image)) {
            assertThat(names(reader)).isEqualTo(namesOfSource());
            assertThat(reader.symlinkTarget(reader.find(bytes("link")).orElseThrow()))
                    .isEqualTo(bytes("a/b"));
            assertThat(contents(reader, "text", image)).isEqualTo("0123456789".repeat(1000));
            assertThat(contents(reader, "a/small", image)).isEqualTo("small");
            ErofsInode file = reader.find(bytes("a/hard")).orElseThrow();
            assertThat(file).isEqualTo(reader.find(bytes("text")).orElseThrow());
            assertThat(file.links()).isEqualTo(2);
            assertThat(reader.find(bytes("a/none"))).isEmpty();
            assertThat(reader.find(bytes("text/none"))).isEmpty();
        }
    }

    @Test
    void chunksOnADevice() throws Exception {
        Path device = Files.createFile(temporary.resolve("device"));
        Tool.run("mkfs.erofs", "-x-1", "--chunksize=4096", "--blobdev=" + device, image.toString(), source.toString());
        try (ErofsReader reader = ErofsReader.open(image)) {
            assertThat(names(reader)).isEqualTo(namesOfSource());
            assertThat(reader.superblock().devices()).hasSize(1);
            assertThat(contents(reader, "text", device)).isEqualTo("0123456789".repeat(1000));
        }
    }

    @Test
    void compressedFilesAreRefusedWhenTheyAreRead() throws Exception {
        Tool.run("mkfs.erofs", "-x-1", "-zlz4", "-Elegacy-compress", image.toString(), source.toString());
        try (ErofsReader reader = ErofsReader.open(image)) {
            assertThat(names(reader)).isEqualTo(namesOfSource());
            ErofsInode file = reader.find(bytes("text")).orElseThrow();
            assertThatThrownBy(() -> reader.extents(file))
                    .isInstanceOf(ErofsException.class)
                    .hasMessageContaining("compressed");
        }
    }

    private static Set<String> names(ErofsReader reader) throws Exception {
        Set<String> names = new TreeSet<>();
        reader.walk((path, inode) -> names.add(TestTree.text(path)));
        return names;
    }

    private Set<String> namesOfSource() throws Exception {
        Set<String> names = new TreeSet<>();
        try (var files = Files.walk(source)) {
            files.forEach(file -> names.add(source.relativize(file).toString()));
        }
        return names;
    }

    private static String contents(ErofsReader reader, String path, Path device) throws Exception {
        List<ErofsExtent> extents = reader.extents(reader.find(bytes(path)).orElseThrow());
        byte[] all = Files.readAllBytes(device);
        StringBuilder text = new StringBuilder();
        for (ErofsExtent extent : extents) {
            assertThat(extent.fileOffset()).isEqualTo(text.length());
            text.append(new String(all, (int) extent.deviceOffset(), (int) extent.length(), StandardCharsets.US_ASCII));
        }
        return text.toString();
    }
}
