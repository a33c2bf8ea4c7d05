package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskUsageTest {
    private static final DiskUsage diskUsage = new DiskUsage(Linux.load());

    @TempDir
    Path directory;

    private LazyLayers.Usage empty = new LazyLayers.Usage(0, 0);

    @BeforeEach
    void measureEmpty() throws IOException {
        empty = diskUsage.measure(directory);
    }

    private long added() throws IOException {
        return diskUsage.measure(directory).bytes() - empty.bytes();
    }

    @Test
    void anEmptyDirectoryIsOneInode() {
        assertThat(empty.inodes()).isEqualTo(1);
    }

    @Test
    void aHoleTakesNothing() throws IOException {
        try (RandomAccessFile file =
                new RandomAccessFile(directory.resolve("sparse").toFile(), "rw")) {
            file.setLength(1 << 30);
        }
        assertThat(added()).isLessThan(1 << 20);
        assertThat(diskUsage.measure(directory).inodes()).isEqualTo(2);
    }

    @Test
    void aFileWithSeveralNamesCountsOnce() throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[1 << 20]);
        Files.createDirectory(directory.resolve("below"));
        Files.createLink(directory.resolve("below/link"), file);

        assertThat(added()).isBetween(1L << 20, (1L << 20) + 16384);
        assertThat(diskUsage.measure(directory).inodes()).isEqualTo(3);
    }

    @Test
    void symbolicLinksAreNotFollowed() throws IOException {
        Files.createSymbolicLink(directory.resolve("up"), Path.of("/usr"));
        Files.createSymbolicLink(directory.resolve("nowhere"), Path.of("nowhere"));

        assertThat(diskUsage.measure(directory).inodes()).isEqualTo(3);
    }

    @Test
    void namesMayBeAnyBytes() throws IOException {
        Path odd = Path.of(URI.create(directory.toUri() + "%C3%28%FF%20%25"));
        Files.createDirectory(odd);
        Files.write(odd.resolve("file"), new byte[1 << 20]);

        assertThat(added()).isGreaterThanOrEqualTo(1 << 20);
        assertThat(diskUsage.measure(directory).inodes()).isEqualTo(3);
    }

    @Test
    void aDirectoryThatDoesNotExistCannotBeMeasured() {
        assertThatThrownBy(() -> diskUsage.measure(directory.resolve("missing")))
                .isInstanceOf(IOException.class);
    }
}
