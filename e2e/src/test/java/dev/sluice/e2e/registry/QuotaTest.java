package dev.sluice.e2e.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuotaTest {
    @Test
    void afterSoMuchNothingIsGivenForAWhile() {
        Quota quota = new Quota(2, Duration.ofNanos(100));

        assertThat(quota.take(-5)).isTrue();
        assertThat(quota.take(1000)).isTrue();
        assertThat(quota.take(2000)).isFalse();
        assertThat(quota.take(2099)).isFalse();
        assertThat(quota.take(2100)).isTrue();
        assertThat(quota.take(2100)).isTrue();
        assertThat(quota.take(2100)).isFalse();
    }
}
