package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskCeilingTest {
    private static final int MEBIBYTE = 1 << 20;

    @TempDir
    Path layers;

    private DiskCeiling ceiling(long bytes) {
        return new DiskCeiling(layers, new DiskUsage(Linux.load()), bytes);
    }

    @Test
    void whatLayersReallyTakeCounts() throws IOException {
        Path directory = Files.createDirectory(layers.resolve("a"));
        try (RandomAccessFile sparse =
                new RandomAccessFile(directory.resolve("data").toFile(), "rw")) {
            sparse.setLength(1L << 30);
        }
        assertThat(ceiling(MEBIBYTE).reached()).isEmpty();

        Files.write(directory.resolve("data"), new byte[2 * MEBIBYTE], StandardOpenOption.WRITE);
        try (FileChannel data = FileChannel.open(directory.resolve("data"), StandardOpenOption.WRITE)) {
            data.force(true);
        }

        assertThat(ceiling(MEBIBYTE).reached())
                .hasValueSatisfying(
                        reason -> assertThat(reason).contains("2.0 MiB of the disk", "max_disk is 1.0 MiB"));
        assertThat(ceiling(10 * MEBIBYTE).reached()).isEmpty();
    }

    @Test
    void withoutACeilingNothingIsMeasured() throws IOException {
        Files.delete(layers);

        assertThat(ceiling(0).reached()).isEmpty();
        Files.createDirectory(layers);
    }
}
