package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fuzz.Require;
import java.time.Duration;
import java.time.Instant;
import okhttp3.HttpUrl;

/** Fuzzes what stands in single headers of answers: {@code Content-Range}, {@code Retry-After}, {@code Location}, {@code Link}. */
public final class HttpHeadersFuzz {
    private static final Instant NOW = Instant.parse("2024-02-29T12:00:00Z");
    private static final HttpUrl PAGE =
            HttpUrl.get("https://user:secret@registry.local:5000/v2/a/b/referrers/sha256:0?artifactType=t&last=0");

    private HttpHeadersFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        String header = new String(data, UTF_8);
        contentRange(header);
        Backoff.retryAfter(header, NOW).ifPresent(pause -> Require.that(!pause.isNegative(), "a pause of " + pause));
        location(header);
        NextPage.query(PAGE, header).ifPresent(HttpHeadersFuzz::query);
    }

    private static void contentRange(String header) {
        ContentRange.parse(header).ifPresent(range -> {
            Require.that(range.first() >= 0 && range.length() > 0, "no range: " + range);
            Require.that(range.size().orElse(Long.MAX_VALUE) > range.last(), "a range behind the end: " + range);
            String size = range.size().isPresent() ? Long.toString(range.size().getAsLong()) : "*";
            String written = "bytes " + range.first() + "-" + range.last() + "/" + size;
            Require.equal(range, ContentRange.parse(written).orElseThrow(), "not the same when read again");
        });
    }

    private static void location(String header) {
        HttpUrl target = PAGE.resolve(header);
        if (target != null) {
            Instant until = RedirectExpiry.of(target, NOW);
            Require.that(!until.isAfter(NOW.plus(Duration.ofHours(1))), "a redirect that is kept for long");
        }
    }

    /** Whatever it is, the page is asked for at the same place. */
    private static void query(String query) {
        HttpUrl next = PAGE.newBuilder().encodedQuery(query).build();
        Require.equal(
                next.newBuilder().query(null).build(),
                PAGE.newBuilder().query(null).build(),
                "a query that leads elsewhere");
        Require.that(next.fragment() == null, "a query with a fragment");
    }
}
