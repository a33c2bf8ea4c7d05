package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackoffTest {
    private static final Instant NOW = Instant.parse("1994-11-06T08:49:00Z");
    private final RegistryOptions.Retries retries =
            new RegistryOptions.Retries(5, Duration.ofMillis(100), Duration.ofMillis(500), Duration.ofSeconds(30));
    private final Backoff backoff = new Backoff(retries, new Random(1));

    @Test
    void growsUpToItsLimitWithFullJitter() {
        long[] longest = {100, 200, 400, 500, 500};
        for (int failures = 1; failures <= 5; failures++) {
            Duration least = Duration.ofDays(1);
            Duration most = Duration.ZERO;
            for (int i = 0; i < 1000; i++) {
                Duration pause =
                        backoff.after(failures, Optional.empty(), false).orElseThrow();
                least = Durations.min(least, pause);
                most = pause.compareTo(most) > 0 ? pause : most;
            }
            Duration limit = Duration.ofMillis(longest[failures - 1]);
            assertThat(most).isBetween(limit.multipliedBy(9).dividedBy(10), limit);
            assertThat(least).isLessThan(limit.dividedBy(10));
        }
    }

    @Test
    void endsAfterItsCount() {
        assertThat(backoff.after(5, Optional.empty(), false)).isPresent();
        assertThat(backoff.after(6, Optional.empty(), false)).isEmpty();
    }

    @Test
    void doesNotCountForThePatient() {
        assertThat(backoff.after(1000, Optional.empty(), true)).isPresent();
        assertThat(backoff.after(1, Optional.of(Duration.ofSeconds(31)), true)).isEmpty();
    }

    @Test
    void obeysTheServerWithinReason() {
        assertThat(backoff.after(1, Optional.of(Duration.ofSeconds(7)), false)).contains(Duration.ofSeconds(7));
        assertThat(backoff.after(1, Optional.of(Duration.ofSeconds(31)), false)).isEmpty();
        assertThat(backoff.after(6, Optional.of(Duration.ofSeconds(1)), false)).isEmpty();
    }

    @Test
    void readsSecondsAndDates() {
        assertThat(Backoff.retryAfter(" 110 ", NOW)).contains(Duration.ofSeconds(110));
        assertThat(Backoff.retryAfter("Sun, 06 Nov 1994 08:49:37 GMT", NOW)).contains(Duration.ofSeconds(37));
        assertThat(Backoff.retryAfter("Sun, 06 Nov 1994 08:48:00 GMT", NOW)).contains(Duration.ZERO);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "-1", "soon", "1.5", "9999999999", "Sun, 99 Nov 1994 08:49:37 GMT", "٣"})
    void ignoresWhatIsNeither(String header) {
        assertThat(Backoff.retryAfter(header, NOW)).isEmpty();
    }
}
