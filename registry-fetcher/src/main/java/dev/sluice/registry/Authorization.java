package dev.sluice.registry;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

/**
 * The value of an {@code Authorization} header, and how long it is good for.
 *
 * @param value secret
 * @param until from when on it is not used any more
 */
record Authorization(String value, Instant until) {
    static Authorization basic(String username, String password) {
        return new Authorization(basicValue(username, password), Instant.MAX);
    }

    static String basicValue(String username, String password) {
        byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    static Authorization bearer(String token, Instant until) {
        return new Authorization("Bearer " + token, until);
    }

    /** Whether a token can stand in a header. */
    static boolean isToken(String token) {
        return !token.isEmpty() && token.chars().allMatch(c -> c > ' ' && c < 127);
    }

    @Override
    public String toString() {
        return "Authorization[until=" + until + "]";
    }
}
