package dev.sluice.index;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;

/** Key files. */
final class TestKeys {
    private TestKeys() {}

    /** A new key. */
    static SigningKey signing(Path directory) throws IOException {
        return SigningKey.read(write(directory));
    }

    /** Writes a new private key, and its public one beside it with {@code .pub}; returns the private one's file. */
    static Path write(Path directory) throws IOException {
        KeyPair pair;
        try {
            pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        Path file = Files.createTempFile(directory, "key", ".pem");
        Files.writeString(file, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        Files.writeString(
                Path.of(file + ".pub"), pem("PUBLIC KEY", pair.getPublic().getEncoded()));
        return file;
    }

    static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + Base64.getMimeEncoder().encodeToString(der) + "\n-----END " + label
                + "-----\n";
    }
}
