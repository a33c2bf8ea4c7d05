package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryTreesTest {
    @TempDir
    Path directory;

    @Test
    void symbolicLinksAreDeletedAndNotFollowed() throws IOException {
        Path precious = Files.createDirectory(directory.resolve("precious"));
        Files.writeString(precious.resolve("file"), "x");
        Path tree = Files.createDirectories(directory.resolve("tree/below"));
        Files.createSymbolicLink(tree.resolve("link"), precious);

        DirectoryTrees.delete(directory.resolve("tree"));

        assertThat(directory.resolve("tree")).doesNotExist();
        assertThat(precious.resolve("file")).exists();
    }

    @Test
    void namesMayBeAnyBytes() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        Path odd = Files.createDirectory(Path.of(URI.create(tree.toUri() + "%C3%28%FF%0A")));
        Files.writeString(odd.resolve("file"), "x");

        DirectoryTrees.delete(tree);

        assertThat(tree).doesNotExist();
    }

    @Test
    void aTreeMayBeDeeperThanPathsAreLong() throws IOException {
        Path tree = Files.createDirectory(directory.resolve("tree"));
        String name = "d".repeat(200);
        // Built from the inside, because no path reaches the bottom.
        for (int depth = 0; depth < 300; depth++) {
            Path outer = Files.createDirectory(directory.resolve("outer"));
            Files.writeString(outer.resolve("file"), "x");
            if (depth > 0) {
                Files.move(tree.resolve(name), outer.resolve(name));
            }
            Files.move(outer, tree.resolve(name));
        }

        DirectoryTrees.delete(tree);

        assertThat(tree).doesNotExist();
    }

    @Test
    void whatIsGoneAlreadyIsNoError() throws IOException {
        DirectoryTrees.delete(directory.resolve("missing"));
        assertThat(directory).isEmptyDirectory();
    }
}
