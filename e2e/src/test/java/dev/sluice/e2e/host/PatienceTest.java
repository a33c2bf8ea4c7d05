package dev.sluice.e2e.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PatienceTest {

    @Test
    void isOrdinaryUnlessTold() {
        assertThat(Patience.factor(Map.of())).isEqualTo(1);
    }

    @Test
    void isAsLongAsTheEnvironmentSays() {
        assertThat(Patience.factor(Map.of("SLUICE_TIME_FACTOR", "10"))).isEqualTo(10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "ten", "0", "-1", "1.5"})
    void isNeverShortenedNorGuessed(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Patience.factor(Map.of("SLUICE_TIME_FACTOR", text)))
                .withMessageContaining("SLUICE_TIME_FACTOR");
    }
}
