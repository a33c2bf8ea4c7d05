package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ErofsScaleTest {
    @TempDir
    Path temporary;

    @Test
    void aMillionEntriesFitInto512MebibytesOfHeap() throws Exception {
        Path image = temporary.resolve("meta.erofs");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String output = Tool.run(
                java,
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                MillionEntries.class.getName(),
                image.toString());
        System.out.print(output);
        try (ErofsReader reader = ErofsReader.open(image)) {
            assertThat(reader.superblock().inodes()).isGreaterThan(1_000_000);
            AtomicInteger count = new AtomicInteger();
            reader.walk((path, inode) -> count.incrementAndGet());
            assertThat(count.get()).isEqualTo((int) reader.superblock().inodes());
            ErofsInode file = reader.find(bytes("usr/share/package-199/directory-19999/some-file-name-0.txt"))
                    .orElseThrow();
            assertThat(file.uid()).isEqualTo(19_999);
            assertThat(reader.xattrs(file)).containsOnlyKeys("security.capability", "user.own");
        }
    }
}
