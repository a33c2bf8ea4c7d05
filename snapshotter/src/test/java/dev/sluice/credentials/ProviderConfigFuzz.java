package dev.sluice.credentials;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.io.IOException;

/** Fuzzes the configuration of credential providers: programs are files of their directory, and only names are quoted. */
public final class ProviderConfigFuzz {
    private static final int QUOTED = 300;

    private ProviderConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            for (ProviderConfig.Provider provider : ProviderConfig.parse(data).providers()) {
                Require.that(!provider.name().contains("/") && !provider.name().startsWith("."), "a path");
                Require.that(!provider.images().isEmpty(), "a provider for nothing");
                Require.that(!provider.cache().isNegative(), "a negative time");
            }
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
