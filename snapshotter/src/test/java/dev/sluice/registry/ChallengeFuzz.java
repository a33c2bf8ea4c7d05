package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fuzz.Require;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Fuzzes {@code WWW-Authenticate}, a header on each line: challenges that are written in order are read as the same. */
public final class ChallengeFuzz {
    private ChallengeFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        List<Challenge> challenges =
                Challenge.parse(new String(data, UTF_8).lines().toList());
        List<String> written = challenges.stream().map(ChallengeFuzz::write).toList();
        Require.equal(challenges, Challenge.parse(written), "not the same when read again");
        for (Challenge challenge : challenges) {
            Require.that(
                    challenge.parameters().keySet().stream().noneMatch(String::isEmpty), "a parameter without name");
            Require.that(challenge.scheme().length() <= data.length, "longer than the header");
        }
    }

    private static String write(Challenge challenge) {
        return challenge.scheme()
                + challenge.parameters().entrySet().stream()
                        .map(ChallengeFuzz::write)
                        .collect(Collectors.joining(",", " ", ""));
    }

    private static String write(Map.Entry<String, String> parameter) {
        return parameter.getKey() + "=\""
                + parameter.getValue().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
