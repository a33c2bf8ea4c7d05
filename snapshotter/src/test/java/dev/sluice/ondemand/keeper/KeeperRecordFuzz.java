package dev.sluice.ondemand.keeper;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** Fuzzes the file that names the keeper. */
public final class KeeperRecordFuzz {
    private KeeperRecordFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path file = Files.createTempFile("keeper", "");
        try {
            Files.write(file, data);
            if (KeeperRecord.read(file).isEmpty()) {
                throw new AssertionError("a file that is not there");
            }
        } catch (IOException e) {
            Objects.requireNonNull(e.toString());
        } finally {
            Files.delete(file);
        }
    }
}
