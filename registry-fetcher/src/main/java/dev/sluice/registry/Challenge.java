package dev.sluice.registry;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One challenge of a {@code WWW-Authenticate} header (RFC 9110, section 11.6.1).
 *
 * @param scheme in lower case
 * @param parameters by their lower case names
 */
record Challenge(String scheme, Map<String, String> parameters) {
    private static final int MAX_LENGTH = 16 << 10;

    Challenge {
        parameters = Map.copyOf(parameters);
    }

    Optional<String> parameter(String name) {
        return Optional.ofNullable(parameters.get(name)).filter(value -> !value.isEmpty());
    }

    /** All challenges of all headers. What does not follow the grammar ends its header; what came before it counts. */
    static List<Challenge> parse(List<String> headers) {
        List<Challenge> all = new ArrayList<>();
        for (String header : headers) {
            if (header.length() <= MAX_LENGTH) {
                new Parser(header).challenges(all);
            }
        }
        return List.copyOf(all);
    }

    private static final class Parser {
        private final String text;
        private int at;

        Parser(String text) {
            this.text = text;
        }

        void challenges(List<Challenge> into) {
            skipListSeparators();
            while (at < text.length()) {
                String scheme = token();
                if (scheme.isEmpty()) {
                    return;
                }
                into.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters()));
                skipListSeparators();
            }
        }

        /** Up to what is not {@code name=value}: the next scheme, or nonsense. */
        private Map<String, String> parameters() {
            Map<String, String> found = new HashMap<>();
            skipSpaces();
            while (at < text.length()) {
                int start = at;
                String name = token().toLowerCase(Locale.ROOT);
                skipSpaces();
                if (name.isEmpty() || !take('=')) {
                    at = start;
                    return found;
                }
                skipSpaces();
                found.putIfAbsent(name, at < text.length() && text.charAt(at) == '"' ? quoted() : token());
                skipListSeparators();
            }
            return found;
        }

        private String quoted() {
            StringBuilder value = new StringBuilder();
            at++;
            while (at < text.length() && text.charAt(at) != '"') {
                if (text.charAt(at) == '\\' && at + 1 < text.length()) {
                    at++;
                }
                value.append(text.charAt(at++));
            }
            at++;
            return value.toString();
        }

        private String token() {
            int start = at;
            while (at < text.length() && isTokenCharacter(text.charAt(at))) {
                at++;
            }
            return text.substring(start, at);
        }

        private boolean take(char expected) {
            if (at < text.length() && text.charAt(at) == expected) {
                at++;
                return true;
            }
            return false;
        }

        private void skipListSeparators() {
            while (at < text.length() && (text.charAt(at) == ',' || isSpace(text.charAt(at)))) {
                at++;
            }
        }

        private void skipSpaces() {
            while (at < text.length() && isSpace(text.charAt(at))) {
                at++;
            }
        }

        private static boolean isSpace(char c) {
            return c == ' ' || c == '\t';
        }

        /** Also what some servers leave unquoted: URLs and scopes have colons and slashes. */
        private static boolean isTokenCharacter(char c) {
            return c > ' ' && c < 127 && c != '"' && c != ',' && c != '=' && c != '\\';
        }
    }
}
