package dev.sluice.index;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One block of a PEM file (RFC 7468). Messages quote nothing. */
final class KeyPem {
    private static final int MAX_BYTES = 64 << 10;

    private KeyPem() {}

    /**
     * The content of the first block with a label.
     *
     * @param label such as {@code PUBLIC KEY}
     * @throws InvalidIndexException if there is none, or it is malformed
     */
    static byte[] read(Path file, String label) throws IOException {
        Matcher block = Pattern.compile("-----BEGIN " + label + "-----([A-Za-z0-9+/=\\s]*)-----END " + label + "-----")
                .matcher(text(file));
        if (!block.find()) {
            throw new InvalidIndexException(file + " holds no PEM block " + label);
        }
        try {
            return Base64.getMimeDecoder().decode(block.group(1));
        } catch (IllegalArgumentException e) {
            // The exception would quote what may be a secret.
            throw new InvalidIndexException(file + " is not Base64");
        }
    }

    private static String text(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidIndexException(file + " has more than " + MAX_BYTES + " bytes");
            }
            return new String(bytes, StandardCharsets.ISO_8859_1);
        }
    }
}
