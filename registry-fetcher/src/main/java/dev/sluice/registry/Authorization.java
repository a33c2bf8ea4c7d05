package dev.sluice.registry;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;

/**
 * The value of an {@code Authorization} header, and how long it is good for.
 *
 * @param value secret
 * @param until from when on it is not used any more
 * @param by the credentials that stand for it; empty if it is anonymous
 * @param issued whether a token server gave it, which may give another one by the same credentials
 */
record Authorization(String value, Instant until, Optional<Credentials> by, boolean issued) {
    static Authorization basic(String username, String password) {
        Credentials credentials = new Credentials.Basic(username, password);
        return new Authorization(basicValue(username, password), Instant.MAX, Optional.of(credentials), false);
    }

    static String basicValue(String username, String password) {
        byte[] pair = (username + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    /** A token that the registry takes itself. */
    static Authorization bearer(Credentials.RegistryToken token) {
        return new Authorization("Bearer " + token.token(), Instant.MAX, Optional.of(token), false);
    }

    /** A token that a token server gave. */
    static Authorization issued(String token, Instant until) {
        return new Authorization("Bearer " + token, until, Optional.empty(), true);
    }

    Authorization by(Optional<Credentials> credentials) {
        return new Authorization(value, until, credentials, issued);
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
