package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
    private static final String DIGEST = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @ParameterizedTest
    @CsvSource({
        "alpine, docker.io/library/alpine",
        "alpine:3.20, docker.io/library/alpine:3.20",
        "library/alpine, docker.io/library/alpine",
        "docker.io/alpine, docker.io/library/alpine",
        "index.docker.io/alpine, docker.io/library/alpine",
        "index.docker.io/team/app, docker.io/team/app",
        "team/app, docker.io/team/app",
        "localhost, docker.io/library/localhost",
        "localhost/app, localhost/app",
        "localhost:5000/app:v1, localhost:5000/app:v1",
        "LOCALHOST/app, LOCALHOST/app",
        "ghcr.io/Team.x/app, ",
        "ghcr.io/team.x/a__b/c---d:1_2, ghcr.io/team.x/a__b/c---d:1_2",
        "[::1]:5000/app, [::1]:5000/app",
        "[2001:db8::1]/app:v1, [2001:db8::1]/app:v1",
        "app:5000/x, app:5000/x",
        "registry.example/app@" + DIGEST + ", registry.example/app@" + DIGEST,
        "app:v1@" + DIGEST + ", docker.io/library/app:v1@" + DIGEST,
    })
    void normalizes(String written, String canonical) {
        if (canonical == null) {
            assertThatIllegalArgumentException().isThrownBy(() -> ImageReference.parse(written));
        } else {
            assertThat(ImageReference.parse(written)).hasToString(canonical);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/",
                ":",
                "@",
                "/app",
                "app/",
                "a//b",
                "App",
                "a..b/c",
                "a_-b",
                "app:",
                "app:.x",
                "app:v 1",
                "app@",
                "app@sha256:abc",
                "app@@" + DIGEST,
                "localhost:port/app",
                "localhost:/app",
                "-host.example/app",
                "host.example-/app",
                "host..example/app",
                "user:pass@host.example/app",
                "https://host.example/app",
                "app:v1/../../x",
                "äpp",
                "app\n",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            })
    void refusesWhatIsNoReference(String written) {
        assertThatIllegalArgumentException().isThrownBy(() -> ImageReference.parse(written));
    }

    @Test
    void boundsItsParts() {
        assertThat(ImageReference.parse("app:" + "t".repeat(128)).tag()).isPresent();
        assertThatIllegalArgumentException().isThrownBy(() -> ImageReference.parse("app:" + "t".repeat(129)));
        assertThatIllegalArgumentException().isThrownBy(() -> ImageReference.parse("a/".repeat(128) + "a"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ImageReference.parse("a".repeat(1 << 20) + "!"))
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    @Test
    void addsTheDefaultTagOnlyWhereAskedAndNeeded() {
        assertThat(ImageReference.parse("app").tag()).isEmpty();
        assertThat(ImageReference.parse("app").withDefaultTag()).hasToString("docker.io/library/app:latest");
        assertThat(ImageReference.parse("app:v1").withDefaultTag().tag()).contains("v1");
        assertThat(ImageReference.parse("app@" + DIGEST).withDefaultTag().tag()).isEmpty();
    }

    @Test
    void readsBackWhatItWrites() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            String written = randomReference(random);
            ImageReference reference = ImageReference.parse(written);
            assertThat(ImageReference.parse(reference.toString())).as(written).isEqualTo(reference);
        }
    }

    @Test
    void parsesOrRefusesAnything() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String alphabet = "aZ0._-:/@[]%\\ \n\u00e4" + "\0";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder(random.nextBoolean() ? randomReference(random) : "");
            for (int edits = random.nextInt(5); edits >= 0; edits--) {
                text.insert(random.nextInt(text.length() + 1), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            String written = text.toString();
            try {
                ImageReference reference = ImageReference.parse(written);
                assertThat(ImageReference.parse(reference.toString()))
                        .as(written)
                        .isEqualTo(reference);
                assertThat(reference.repository()).doesNotContain("..", "//", ":", "@");
            } catch (IllegalArgumentException refused) {
                assertThat(refused.getMessage()).isNotEmpty();
            }
        }
    }

    private static String randomReference(Random random) {
        StringBuilder text = new StringBuilder();
        switch (random.nextInt(4)) {
            case 0 -> text.append("registry.example/");
            case 1 -> text.append("localhost:").append(random.nextInt(65536)).append('/');
            case 2 -> text.append("[::1]:5000/");
            default -> text.append("team/");
        }
        for (int components = random.nextInt(3); components >= 0; components--) {
            text.append(randomComponent(random)).append(components > 0 ? "/" : "");
        }
        if (random.nextBoolean()) {
            text.append(":T").append(random.nextInt(1000)).append("-x.y_z");
        }
        if (random.nextBoolean()) {
            text.append('@').append(Digest.sha256(new byte[random.nextInt(8)]));
        }
        return text.toString();
    }

    private static String randomComponent(Random random) {
        String[] separators = {".", "_", "__", "-", "--"};
        StringBuilder component = new StringBuilder();
        for (int parts = random.nextInt(3); parts >= 0; parts--) {
            component.append(Integer.toString(random.nextInt(100_000), 36));
            component.append(parts > 0 ? separators[random.nextInt(separators.length)] : "");
        }
        return component.toString();
    }
}
