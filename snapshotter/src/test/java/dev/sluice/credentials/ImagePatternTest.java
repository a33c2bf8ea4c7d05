package dev.sluice.credentials;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples are those of the Kubernetes documentation of {@code config.json} in pull secrets, and of {@code matchImages}. */
class ImagePatternTest {
    private static boolean matches(String pattern, String image) {
        return ImagePattern.parse(pattern).orElseThrow().matches(image);
    }

    @ParameterizedTest
    @CsvSource({
        "my-registry.example/images, my-registry.example/images, true",
        "my-registry.example/images, my-registry.example/images/my-image, true",
        "my-registry.example/images, my-registry.example/images/another-image, true",
        "my-registry.example/images, my-registry.example/others, false",
        "*.my-registry.example/images, sub.my-registry.example/images/my-image, true",
        "*.my-registry.example/images, sub.sub.my-registry.example/images/my-image, false",
        "*.my-registry.example/images, my-registry.example/images, false",
        "*.kubernetes.io, abc.kubernetes.io, true",
        "*.kubernetes.io, kubernetes.io, false",
        "prefix.*.io, prefix.kubernetes.io, true",
        "*-good.kubernetes.io, prefix-good.kubernetes.io, true",
        "k8s.*.io, k8s.io, false",
        "*.*.registry.io, a.b.registry.io/x, true",
        "registry.io:8080/path, registry.io:8080/path/x, true",
        "registry.io:8080/path, registry.io/path/x, false",
        "registry.io, registry.io:8080/x, false",
        "123456789.dkr.ecr.*.amazonaws.com, 123456789.dkr.ecr.us-east-1.amazonaws.com/app, true",
        "*.azurecr.io, team.azurecr.io, true",
        "gcr.io, gcr.io/a/b, true",
        "gcr.io, eu.gcr.io/a/b, false",
        "r[a-c]g?.io, rbgx.io, true",
        "r[^a-c]g.io, rbg.io, false",
    })
    void matchesAsKubernetesDoes(String pattern, String image, boolean expected) {
        assertThat(matches(pattern, image)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/path", "a b", "[a", "a\\", ":5000"})
    void refusesWhatCanMatchNothing(String pattern) {
        assertThat(ImagePattern.parse(pattern)).isEmpty();
    }

    @Test
    void aHostWithoutGlobsMatchesItselfAndNothingElse() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            String one = word(random);
            String other = word(random);
            assertThat(matches(one, other))
                    .as("seed %d: %s and %s", seed, one, other)
                    .isEqualTo(one.equals(other));
        }
    }

    @Test
    void starsTakeTimeThatGrowsWithTheLengthOnly() {
        assertThat(matches("*a".repeat(200) + "b", "a".repeat(5000))).isFalse();
    }

    private static String word(Random random) {
        StringBuilder word = new StringBuilder("h");
        for (int length = random.nextInt(3); length >= 0; length--) {
            word.append("ab.-".charAt(random.nextInt(4)));
        }
        return word.toString();
    }
}
