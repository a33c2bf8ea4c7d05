package dev.sluice.kubernetes;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Files of configuration. */
final class SmallFile {
    private static final int MAX = 4 << 20;

    private SmallFile() {}

    /** @throws IOException if it cannot be read or has more than 4 MiB; the message names it */
    static byte[] bytes(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX + 1);
            if (bytes.length > MAX) {
                throw new IOException("it has more than " + MAX + " bytes");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw failed(file, "there is no such file", e);
        } catch (IOException e) {
            throw failed(file, String.valueOf(e.getMessage()), e);
        }
    }

    static String text(Path file) throws IOException {
        return new String(bytes(file), StandardCharsets.UTF_8);
    }

    private static IOException failed(Path file, String reason, IOException cause) {
        return new IOException("Tried to read " + file + " but failed because: " + reason, cause);
    }
}
