package dev.sluice.registry;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.random.RandomGenerator;

/** How long to wait before another try: exponential, with full jitter, so that many clients do not come back at once. */
final class Backoff {
    private static final int MAX_SECONDS_DIGITS = 9;
    private static final int MAX_DOUBLINGS = 20;

    private final RegistryOptions.Retries retries;
    private final RandomGenerator random;

    /** @param random safe for use by many threads */
    Backoff(RegistryOptions.Retries retries, RandomGenerator random) {
        this.retries = retries;
        this.random = random;
    }

    /**
     * The pause after a failure.
     *
     * @param failures how many there were in a row, at least 1
     * @param patient whether it is tried again however many there were
     * @return empty if there should be no other try
     */
    Optional<Duration> after(int failures, Optional<Duration> retryAfter, boolean patient) {
        if (failures > retries.count() && !patient) {
            return Optional.empty();
        }
        Duration doubled = retries.basePause().multipliedBy(1L << Math.min(failures - 1, MAX_DOUBLINGS));
        long longest = Durations.min(retries.maxPause(), doubled).toNanos();
        Duration pause = Duration.ofNanos(random.nextLong(longest + 1));
        return retryAfter.isEmpty()
                ? Optional.of(pause)
                : retryAfter
                        .filter(asked -> asked.compareTo(retries.maxRetryAfter()) <= 0)
                        .map(asked -> asked.compareTo(pause) > 0 ? asked : pause);
    }

    /** Reads {@code Retry-After}, seconds or an HTTP date (RFC 9110, section 10.2.3); absent if it is neither. */
    static Optional<Duration> retryAfter(String header, Instant now) {
        String value = header.strip();
        if (!value.isEmpty()
                && value.length() <= MAX_SECONDS_DIGITS
                && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
        }
        try {
            Instant date = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            return Optional.of(date.isAfter(now) ? Duration.between(now, date) : Duration.ZERO);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
