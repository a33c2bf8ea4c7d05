package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestTest {
    private static final String EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    @Test
    void isThatOfTheBytes() {
        assertThat(Digest.sha256(new byte[0])).hasToString("sha256:" + EMPTY);
        assertThat(Digest.parse("sha256:" + EMPTY)).isEqualTo(Digest.sha256(new byte[0]));
        assertThat(Digest.sha256("a".getBytes(UTF_8)).matches("a".getBytes(UTF_8)))
                .isTrue();
        assertThat(Digest.sha256("a".getBytes(UTF_8)).matches("b".getBytes(UTF_8)))
                .isFalse();
    }

    @Test
    void knowsSha512() {
        Digest digest = Digest.parse("sha512:cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");

        assertThat(digest.matches(new byte[0])).isTrue();
        assertThat(digest.bytes()).hasSize(64);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "sha256",
                "sha256:",
                "sha256:abc",
                "md5:d41d8cd98f00b204e9800998ecf8427e",
                "sha512:" + EMPTY,
                "sha256:" + EMPTY + "00",
                "SHA256:" + EMPTY,
                "sha256:E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
                "sha256:../../98fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
            })
    void refusesWhatIsNoDigest(String text) {
        assertThatIllegalArgumentException().isThrownBy(() -> Digest.parse(text));
    }
}
