package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;

/** Fuzzes pull secrets of both types: what fits an image is found, and nothing of it is quoted or printed. */
public final class PullSecretFuzz {
    private static final int QUOTED = 40;

    private PullSecretFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            check(Keyring.ofDockerConfigJson(data));
        } catch (IOException e) {
            requireDiscreet(e, data);
        }
        try {
            check(Keyring.ofDockerCfg(data));
        } catch (IOException e) {
            requireDiscreet(e, data);
        }
    }

    private static void check(Keyring keyring) {
        for (Keyring.Entry entry : keyring.entries()) {
            String text = entry.images().text();
            if (text.chars().noneMatch(c -> "*?[\\".indexOf(c) >= 0)) {
                Require.that(keyring.of(text).anyMatch(entry.credentials()::equals), "a key that does not fit itself");
            }
            Require.that(
                    keyring.of("registry.local:5000/team/app").count()
                            <= keyring.entries().size(),
                    "too many");
        }
    }

    private static void requireDiscreet(IOException e, byte[] data) {
        String message = requireNonNull(e.getMessage());
        String text = new String(data, ISO_8859_1);
        for (int at = 0; at + QUOTED <= text.length(); at += QUOTED) {
            Require.that(!message.contains(text.substring(at, at + QUOTED)), "a message that quotes");
        }
    }
}
