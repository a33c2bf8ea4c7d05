package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChallengeTest {
    private static final String DOCKER =
            "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\",scope=\"repository:a/b:pull,push\"";

    @Test
    void readsWhatRegistriesSend() {
        assertThat(Challenge.parse(List.of(DOCKER)))
                .containsExactly(new Challenge(
                        "bearer",
                        Map.of(
                                "realm", "https://auth.docker.io/token",
                                "service", "registry.docker.io",
                                "scope", "repository:a/b:pull,push")));
        assertThat(Challenge.parse(List.of("Basic realm=\"Registry Realm\"")))
                .containsExactly(new Challenge("basic", Map.of("realm", "Registry Realm")));
    }

    @Test
    void readsSeveralInOneHeaderOrInMany() {
        Challenge basic = new Challenge("basic", Map.of("realm", "x"));
        Challenge bearer = new Challenge("bearer", Map.of("realm", "https://y/", "service", "z"));

        assertThat(Challenge.parse(List.of("Basic realm=\"x\", Bearer realm=\"https://y/\", service=z")))
                .containsExactly(basic, bearer);
        assertThat(Challenge.parse(List.of("BASIC Realm = x", " , Bearer realm=https://y/ ,service=\"z\",")))
                .containsExactly(basic, bearer);
        assertThat(Challenge.parse(List.of("Negotiate, Basic realm=x")))
                .containsExactly(new Challenge("negotiate", Map.of()), basic);
    }

    @Test
    void takesQuotesOff() {
        assertThat(Challenge.parse(List.of("Bearer realm=\"a\\\"b\\\\c, d=e\"")))
                .containsExactly(new Challenge("bearer", Map.of("realm", "a\"b\\c, d=e")));
        assertThat(Challenge.parse(List.of("Bearer realm=\"never closed")))
                .singleElement()
                .satisfies(challenge -> assertThat(challenge.parameter("realm")).contains("never closed"));
        assertThat(Challenge.parse(List.of("Bearer realm=\"\"")).get(0).parameter("realm"))
                .isEmpty();
    }

    @Test
    void survivesAnything() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String alphabet = "a=\", \t\\\u00e4\n" + "\0";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? DOCKER : "");
            for (int edits = random.nextInt(12); edits >= 0; edits--) {
                text.insert(random.nextInt(text.length() + 1), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            for (Challenge challenge : Challenge.parse(List.of(text.toString()))) {
                assertThat(challenge.scheme()).as(text.toString()).isNotEmpty();
                assertThat(challenge.parameters().keySet()).as(text.toString()).doesNotContain("");
            }
        }
        assertThat(Challenge.parse(List.of("x".repeat(1 << 20)))).isEmpty();
    }
}
