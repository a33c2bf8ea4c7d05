package dev.sluice.ondemand.cachefiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CullLimitsTest {
    @ParameterizedTest
    @CsvSource({"10, 7, 3", "2, 1, 0", "99, 98, 97", "60, 50, 40", "6, 4, 2"})
    void noCommandBreaksTheOrderThatTheKernelChecks(int run, int cull, int stop) {
        // What the kernel begins with.
        Map<String, Integer> kernel =
                new HashMap<>(Map.of("brun", 7, "bcull", 5, "bstop", 1, "frun", 7, "fcull", 5, "fstop", 1));

        for (String command : new CullLimits(run, cull, stop).commands()) {
            int space = command.indexOf(' ');
            kernel.put(
                    command.substring(0, space),
                    Integer.parseInt(command.substring(space + 1).replace("%", "")));
            for (String of : new String[] {"b", "f"}) {
                assertThat(kernel.get(of + "stop")).isLessThan(kernel.get(of + "cull"));
                assertThat(kernel.get(of + "cull")).isLessThan(kernel.get(of + "run"));
                assertThat(kernel.get(of + "run")).isLessThan(100);
            }
        }

        assertThat(kernel)
                .containsAllEntriesOf(
                        Map.of("brun", run, "bcull", cull, "bstop", stop, "frun", run, "fcull", cull, "fstop", stop));
    }

    @ParameterizedTest
    @CsvSource({"7, 7, 3", "10, 3, 3", "100, 7, 3", "10, 7, -1", "3, 7, 10"})
    void limitsInAnotherOrderAreRefused(int run, int cull, int stop) {
        assertThatThrownBy(() -> new CullLimits(run, cull, stop))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("stop < cull < run");
    }

    @Test
    void theDefaultIsWhatCachefilesdHas() {
        assertThat(CullLimits.DEFAULT).isEqualTo(new CullLimits(10, 7, 3));
    }
}
