package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Fuzzes what credential helpers print; the first byte is the status they end with. No message quotes what they printed. */
public final class HelperAnswerFuzz {
    private static final String PROGRAM = "docker-credential-x";
    private static final String SERVER = "registry.local";
    private static final int QUOTED = 40;

    private HelperAnswerFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length == 0) {
            return;
        }
        byte[] output = Arrays.copyOfRange(data, 1, data.length);
        try {
            Optional<Credentials> credentials = CredentialHelpers.parse(data[0], output, PROGRAM, SERVER);
            Require.that(data[0] == 0 || credentials.isEmpty(), "credentials of a helper that failed");
            credentials.ifPresent(known -> Require.that(known.toString().length() < 64 + output.length, "too much"));
        } catch (IOException e) {
            String message = requireNonNull(e.getMessage());
            String printed = new String(output, ISO_8859_1);
            for (int at = 0; at + QUOTED <= printed.length(); at += QUOTED) {
                Require.that(!message.contains(printed.substring(at, at + QUOTED)), "a message that quotes");
            }
        }
    }
}
