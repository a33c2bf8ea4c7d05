package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RegistryOptionsTest {
    @Test
    void haveDefaults() {
        assertThat(RegistryOptions.defaults())
                .isEqualTo(new RegistryOptions(
                        new RegistryOptions.Timeouts(
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(20),
                                Duration.ofSeconds(60),
                                Duration.ofSeconds(15),
                                16384),
                        new RegistryOptions.Retries(
                                5, Duration.ofMillis(200), Duration.ofSeconds(5), Duration.ofSeconds(30)),
                        new RegistryOptions.Limits(8388608, 1048576, 5, 3),
                        Set.of(),
                        List.of(),
                        Duration.ofSeconds(10),
                        "sluice",
                        32,
                        Duration.ofMinutes(1)));
    }

    @Test
    void refuseWhatMakesNoSense() {
        Duration second = Duration.ofSeconds(1);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RegistryOptions.Timeouts(Duration.ZERO, second, second, second, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RegistryOptions.Timeouts(second, second, second, second, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new RegistryOptions.Retries(-1, second, second, second));
        assertThatIllegalArgumentException().isThrownBy(() -> new RegistryOptions.Limits(1, -1, 1, 1));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RegistryOptions.defaults().withPatience(Duration.ofNanos(-1)));
        RegistryOptions good = RegistryOptions.defaults();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new RegistryOptions(
                        good.timeouts(),
                        good.retries(),
                        good.limits(),
                        Set.of(),
                        List.of(),
                        second,
                        "a\nb",
                        0,
                        second));
    }
}
