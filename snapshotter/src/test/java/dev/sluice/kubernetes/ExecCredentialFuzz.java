package dev.sluice.kubernetes;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.time.Instant;

/** Fuzzes what exec plugins print: nothing of it is quoted. */
public final class ExecCredentialFuzz {
    private static final int QUOTED = 40;

    private ExecCredentialFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            ExecCredentials.Answer answer =
                    ExecCredentials.parse(data, "client.authentication.k8s.io/v1", Instant.EPOCH);
            Require.that(answer.token().isPresent() || answer.client().isPresent(), "nothing");
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
