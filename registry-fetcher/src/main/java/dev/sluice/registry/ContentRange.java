package dev.sluice.registry;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The {@code Content-Range} of a partial answer (RFC 9110, section 14.4).
 *
 * @param first offset of the first byte
 * @param last offset of the last byte, at least {@code first}
 * @param size of the whole, in bytes, if the server tells
 */
record ContentRange(long first, long last, OptionalLong size) {
    private static final Pattern FORM = Pattern.compile("(?i:bytes) +(\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

    long length() {
        return last - first + 1;
    }

    /** Absent if it is not the range of a partial answer. */
    static Optional<ContentRange> parse(String header) {
        Matcher matcher = FORM.matcher(header.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        OptionalLong size =
                matcher.group(3).equals("*") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(matcher.group(3)));
        boolean sound = first <= last && (size.isEmpty() || last < size.getAsLong());
        return sound ? Optional.of(new ContentRange(first, last, size)) : Optional.empty();
    }
}
