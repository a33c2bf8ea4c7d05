package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedirectExpiryTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration MARGIN = Duration.ofSeconds(15);

    private static Instant expiry(String query) {
        return RedirectExpiry.of(HttpUrl.get("https://store.example/blob?" + query), NOW);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Amz-Date=20260101T115900Z&X-Amz-Expires=1200",
                "X-Goog-Date=20260101T115900Z&X-Goog-Expires=1200",
                "Expires=1767269940&Signature=x",
                "sv=2020&se=2026-01-01T12:19:00Z&sig=x",
            })
    void isWhatTheUrlSays(String query) {
        assertThat(expiry(query)).isEqualTo(NOW.plusSeconds(1140).minus(MARGIN));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "X-Amz-Expires=600", "Expires=never", "se=x", "X-Amz-Date=x&X-Amz-Expires=5", "Expires="})
    void isShortIfTheUrlSaysNothing(String query) {
        assertThat(expiry(query)).isEqualTo(NOW.plus(Duration.ofMinutes(5)).minus(MARGIN));
    }

    @Test
    void isBounded() {
        assertThat(expiry("Expires=99999999999")).isEqualTo(NOW.plus(Duration.ofHours(1)));
        assertThat(expiry("X-Amz-Date=20260101T115900Z&X-Amz-Expires=99999999999"))
                .isEqualTo(NOW.plus(Duration.ofHours(1)));
    }
}
