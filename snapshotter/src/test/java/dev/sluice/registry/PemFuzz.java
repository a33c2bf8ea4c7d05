package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;

/** Fuzzes certificates and private keys, whose files nobody has looked at: what is read is whole, and what is refused is not quoted. */
public final class PemFuzz {
    private static final String FILE = "/key.pem";
    private static final int QUOTED = 40;

    private PemFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String text = new String(data, ISO_8859_1);
        try {
            Pem.certificates(FILE, text)
                    .forEach(certificate -> Require.that(certificate.getPublicKey() != null, "no certificate"));
        } catch (IOException e) {
            requireDiscreet(e, text);
        }
        try {
            Require.that(Pem.key(FILE, text).getEncoded() != null, "no key");
        } catch (IOException e) {
            requireDiscreet(e, text);
        }
    }

    private static void requireDiscreet(IOException e, String text) {
        String message = requireNonNull(e.getMessage());
        for (int at = 0; at + QUOTED <= text.length(); at += QUOTED) {
            Require.that(!message.contains(text.substring(at, at + QUOTED)), "a message that quotes");
        }
    }
}
