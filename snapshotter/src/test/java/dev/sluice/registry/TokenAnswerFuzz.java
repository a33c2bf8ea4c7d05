package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.time.Duration;
import java.time.Instant;

/** Fuzzes what token servers answer: a token can stand in a header, and is believed for a day at most. */
public final class TokenAnswerFuzz {
    private static final Instant NOW = Instant.parse("2024-02-29T12:00:00Z");
    private static final Task TASK = new Task("get a token", "registry.local");

    private TokenAnswerFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Authorization token;
        try {
            token = TokenClient.parse(data, "the token server", TASK, NOW);
        } catch (RegistryException e) {
            String unused = requireNonNull(e.getMessage());
            return;
        }
        Require.that(token.value().startsWith("Bearer ") && token.value().length() <= 7 + data.length, "no token");
        Require.that(token.value().chars().allMatch(c -> c >= ' ' && c < 127), "a token that is no header");
        Require.that(token.until().isAfter(NOW), "a token that was never good");
        Require.that(!token.until().isAfter(NOW.plus(Duration.ofDays(1))), "a token for more than a day");
    }
}
