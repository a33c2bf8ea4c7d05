package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;

/** Fuzzes what credential providers answer: nothing of it is quoted. */
public final class ProviderResponseFuzz {
    private static final int QUOTED = 40;

    private ProviderResponseFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            ProviderResponse response = ProviderResponse.parse(data, "credentialprovider.kubelet.k8s.io/v1");
            response.cache().ifPresent(time -> Require.that(!time.isNegative(), "a negative time"));
            Require.that(!response.scope().key("registry.local/a").isEmpty(), "no key");
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
