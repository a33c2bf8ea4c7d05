package dev.sluice.registry;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.Optional;
import okhttp3.HttpUrl;

/**
 * When a presigned URL stops working, from the parameters in which the large object stores say so: S3 and those like it, Google
 * Cloud Storage, CloudFront, Azure. A little earlier, because clocks differ.
 */
final class RedirectExpiry {
    /** For URLs that do not tell. They are renewed when they fail, too. */
    private static final Duration UNKNOWN = Duration.ofMinutes(5);

    private static final Duration LONGEST = Duration.ofHours(1);
    private static final Duration MARGIN = Duration.ofSeconds(15);
    private static final DateTimeFormatter SIGNING_DATE = new DateTimeFormatterBuilder()
            .appendPattern("uuuuMMdd'T'HHmmss'Z'")
            .toFormatter()
            .withZone(ZoneOffset.UTC);

    private RedirectExpiry() {}

    static Instant of(HttpUrl url, Instant now) {
        Instant latest = now.plus(LONGEST);
        Instant stated = signedFor(url, "X-Amz-Date", "X-Amz-Expires")
                .or(() -> signedFor(url, "X-Goog-Date", "X-Goog-Expires"))
                .or(() -> parameter(url, "Expires")
                        .flatMap(RedirectExpiry::seconds)
                        .map(Instant::ofEpochSecond))
                .or(() -> parameter(url, "se").flatMap(RedirectExpiry::iso))
                .orElse(now.plus(UNKNOWN));
        // Compared before anything is subtracted: what is stated may be the first instant that there is.
        if (stated.isBefore(now)) {
            return now;
        }
        Instant end = stated.minus(MARGIN);
        return end.isBefore(latest) ? end : latest;
    }

    private static Optional<Instant> signedFor(HttpUrl url, String date, String seconds) {
        Optional<Long> valid = parameter(url, seconds).flatMap(RedirectExpiry::seconds);
        if (valid.isEmpty()) {
            return Optional.empty();
        }
        return parameter(url, date).flatMap(RedirectExpiry::signingDate).map(d -> later(d, valid.get()));
    }

    private static Instant later(Instant date, long seconds) {
        return Instant.MAX.getEpochSecond() - date.getEpochSecond() < seconds ? Instant.MAX : date.plusSeconds(seconds);
    }

    private static Optional<String> parameter(HttpUrl url, String name) {
        return Optional.ofNullable(url.queryParameter(name));
    }

    private static Optional<Long> seconds(String text) {
        boolean digits = !text.isEmpty() && text.length() <= 11 && text.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    private static Optional<Instant> signingDate(String text) {
        try {
            return Optional.of(SIGNING_DATE.parse(text, Instant::from));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static Optional<Instant> iso(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
