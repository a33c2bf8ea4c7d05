package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An operator may name any directory; only what Sluice has made in it is Sluice's. */
class RootLayoutTest {
    @TempDir
    private Path root;

    @BeforeEach
    void fill() throws IOException {
        for (String name : new String[] {"layers", "snapshots", "m", "photos", "layers.old"}) {
            Files.createDirectory(root.resolve(name));
        }
        for (String name :
                new String[] {"journal", "journal.tmp", "image-mounts.json.damaged", "notes.txt", "journal~"}) {
            Files.createFile(root.resolve(name));
        }
    }

    @Test
    void aDirectoryThatNoSluiceHasUsedHasNothingOfOurs() throws IOException {
        assertThat(RootLayout.isIn(root)).isFalse();
        assertThat(RootLayout.entries(root)).isEmpty();
    }

    @Test
    void aLinkInThePlaceOfTheLockProvesNothing() throws IOException {
        Files.createSymbolicLink(root.resolve(RootLayout.LOCK), root.resolve("journal"));

        assertThat(RootLayout.isIn(root)).isFalse();
    }

    @Test
    void whatOthersHaveThereIsNotListedAndTheLockComesLast() throws IOException {
        Files.createFile(root.resolve(RootLayout.LOCK));

        assertThat(RootLayout.entries(root))
                .extracting(path -> path.getFileName().toString())
                .containsExactly(
                        "image-mounts.json.damaged",
                        "journal",
                        "journal.tmp",
                        "layers",
                        "m",
                        "snapshots",
                        "sluice.lock");
    }
}
