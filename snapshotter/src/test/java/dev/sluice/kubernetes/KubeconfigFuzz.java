package dev.sluice.kubernetes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.nio.file.Path;

/** Fuzzes kubeconfig files: nothing of them is quoted, and what is printed has no secret. */
public final class KubeconfigFuzz {
    private static final int QUOTED = 40;

    private KubeconfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            Kubeconfig config = Kubeconfig.parse(data, Path.of("/etc"));
            Require.that(!config.server().isEmpty(), "no server");
            Require.that(config.certificate().isPresent() == config.key().isPresent(), "half of a pair");
            config.token().ifPresent(token -> Require.that(token.toString().length() < data.length + 40, "too much"));
        } catch (IOException e) {
            requireDiscreet(e, data);
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
