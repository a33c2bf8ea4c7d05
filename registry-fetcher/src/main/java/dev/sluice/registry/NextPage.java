package dev.sluice.registry;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * The {@code Link} of a list that comes in pages (RFC 8288). Only its query is taken: the next page is asked for where the first one
 * was, whatever the registry says.
 */
final class NextPage {
    private static final Pattern LINK = Pattern.compile("<([^<>]*)>([^<]*)");
    private static final Pattern NEXT =
            Pattern.compile("(?i);\\s*rel\\s*=\\s*(?:next\\b|\"(?:[^\"]*\\s)?next(?:\\s[^\"]*)?\")");
    private static final int MAX_HEADER = 8 << 10;

    private NextPage() {}

    /** Its query, encoded; empty if this was the last page. */
    static Optional<String> query(Exchange exchange) {
        return exchange.headers("Link").stream()
                .map(header -> query(exchange.url(), header))
                .flatMap(Optional::stream)
                .findFirst();
    }

    static Optional<String> query(HttpUrl page, String header) {
        if (header.length() > MAX_HEADER) {
            return Optional.empty();
        }
        Matcher link = LINK.matcher(header);
        while (link.find()) {
            if (NEXT.matcher(link.group(2)).find()) {
                return Optional.ofNullable(page.resolve(link.group(1))).map(HttpUrl::encodedQuery);
            }
        }
        return Optional.empty();
    }
}
