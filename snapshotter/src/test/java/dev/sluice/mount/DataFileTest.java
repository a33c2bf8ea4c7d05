package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataFileTest {
    private static final int SIZE = 5 << 20;

    @TempDir
    Path directory;

    @Test
    void whatIsWrittenStandsInItsPlaceAndTheRestIsZeros() throws IOException {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        byte[] expected = new byte[SIZE];
        Path file = directory.resolve("data");
        try (DataFile data = DataFile.create(file)) {
            int at = 0;
            while (at < SIZE - (1 << 20)) {
                at += random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(5000);
                byte[] bytes = new byte[1 + random.nextInt(random.nextInt(5) == 0 ? 400_000 : 9000)];
                random.nextBytes(bytes);
                System.arraycopy(bytes, 0, expected, at, bytes.length);
                data.write(at, ByteBuffer.wrap(bytes));
                at += bytes.length;
            }
            data.finish(SIZE);
        }
        assertThat(Files.readAllBytes(file)).isEqualTo(expected);
    }

    @Test
    void aDeviceThatEndsInZerosHasItsSize() throws IOException {
        Path file = directory.resolve("data");
        try (DataFile data = DataFile.create(file)) {
            data.write(0, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            data.finish(8192);
        }
        assertThat(file).hasSize(8192);
    }

    @Test
    void aDeviceOfNoBytesIsAnEmptyFile() throws IOException {
        Path file = directory.resolve("data");
        try (DataFile data = DataFile.create(file)) {
            data.finish(0);
        }
        assertThat(file).isEmptyFile();
    }

    @Test
    void bytesThatGoBackAreRefused() throws IOException {
        try (DataFile data = DataFile.create(directory.resolve("data"))) {
            data.write(4096, ByteBuffer.wrap(new byte[100]));
            assertThatThrownBy(() -> data.write(4100, ByteBuffer.wrap(new byte[1])))
                    .hasMessageContaining("out of order");
        }
    }

    @Test
    void aFileThatIsThereIsNotOverwritten() throws IOException {
        Path file = Files.writeString(directory.resolve("data"), "kept");
        assertThatThrownBy(() -> DataFile.create(file)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(file).hasContent("kept");
    }
}
