package dev.sluice.e2e.registry;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Who may use a {@link RegistryProcess}: one account, whose password changes while the registry runs.
 *
 * @param file with names and hashes of passwords, which the registry reads again when it changes
 */
public record Accounts(Path file) {
    /** The password of an account, of which the registry knows a hash (bcrypt). */
    public enum Password {
        FIRST("first-s3cret", "RA1COAZ8O9oKIvLcW7cQSoq9oRtL78W"),
        SECOND("second-s3cret", "QDRZiHipzDRC.4GI339h7Vg/jCCfecG"),
        THIRD("third-s3cret", "Y0eZ9urGO0yO5vfMhDSYRuo6y9JxGyu");

        private static final String COST_AND_SALT = "$2y$04$abcdefghijklmnopqrstuu";

        private final String text;
        private final String hash;

        Password(String text, String hash) {
            this.text = text;
            this.hash = hash;
        }

        public String text() {
            return text;
        }
    }

    public static final String USER = "alice";

    /** The settings of a registry that asks for these accounts. */
    public Map<String, String> settings() {
        return Map.of(
                "REGISTRY_AUTH",
                "htpasswd",
                "REGISTRY_AUTH_HTPASSWD_REALM",
                "test",
                "REGISTRY_AUTH_HTPASSWD_PATH",
                file.toString());
    }

    /** From now on only this password lets in. */
    public void accept(Password password) throws IOException {
        Path fresh = file.resolveSibling("htpasswd.new");
        Files.writeString(fresh, USER + ":" + Password.COST_AND_SALT + password.hash + "\n");
        Files.move(fresh, file, ATOMIC_MOVE);
    }

    /** All that must stand in no log: passwords, and their pairs with the name in Base64. */
    public static List<String> secrets() {
        return Stream.of(Password.values())
                .flatMap(password -> Stream.of(
                        password.text,
                        Base64.getEncoder()
                                .encodeToString((USER + ":" + password.text).getBytes(StandardCharsets.UTF_8))))
                .toList();
    }
}
