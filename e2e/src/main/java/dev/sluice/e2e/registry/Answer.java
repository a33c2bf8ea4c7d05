package dev.sluice.e2e.registry;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * An answer of HTTP. Immutable, as long as nobody changes the body.
 *
 * @param headers by lower-case name
 * @param body may be empty where {@code content-length} is not, as in the answer to a HEAD
 */
record Answer(int status, Map<String, String> headers, byte[] body) {
    Answer {
        headers = Map.copyOf(headers);
    }

    static Answer of(int status, String contentType, byte[] body) {
        return new Answer(
                status, Map.of("content-type", contentType, "content-length", String.valueOf(body.length)), body);
    }

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    Answer with(String name, String value) {
        Map<String, String> changed = new LinkedHashMap<>(headers);
        changed.put(name.toLowerCase(Locale.ROOT), value);
        return new Answer(status, changed, body);
    }

    Answer without(String name) {
        Map<String, String> changed = new LinkedHashMap<>(headers);
        changed.remove(name.toLowerCase(Locale.ROOT));
        return new Answer(status, changed, body);
    }

    /** Its length follows. */
    Answer withBody(byte[] changed) {
        return new Answer(status, headers, changed).with("content-length", String.valueOf(changed.length));
    }

    Answer withStatus(int changed) {
        return new Answer(changed, headers, body);
    }
}
