package dev.sluice.credentials;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Which images something is for, as Kubernetes has it for pull secrets and {@code matchImages}: a host, whose parts between dots may be
 * globs, perhaps a port, perhaps a path that images begin with. A port, and the number of parts, must be the same; {@code *} stands for no
 * dot. Immutable.
 *
 * @param text as it was written, for what is tried first
 */
record ImagePattern(String text, List<Glob> parts, String port, String path) {
    private static final int MAX_LENGTH = 1024;

    ImagePattern {
        parts = List.copyOf(parts);
    }

    /** Absent if it can match nothing. */
    static Optional<ImagePattern> parse(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH || text.chars().anyMatch(c -> c <= ' ' || c == 127)) {
            return Optional.empty();
        }
        Place place = Place.of(text);
        if (place.host.isEmpty()) {
            return Optional.empty();
        }
        List<Glob> globs = new ArrayList<>();
        for (String part : place.parts()) {
            Optional<Glob> glob = Glob.parse(part);
            if (glob.isEmpty()) {
                return Optional.empty();
            }
            globs.add(glob.get());
        }
        return Optional.of(new ImagePattern(text, globs, place.port, place.path));
    }

    /** @param image host and repository, without tag */
    boolean matches(String image) {
        Place place = Place.of(image);
        List<String> others = place.parts();
        if (!port.equals(place.port) || parts.size() != others.size() || !place.path.startsWith(path)) {
            return false;
        }
        for (int i = 0; i < parts.size(); i++) {
            if (!parts.get(i).matches(others.get(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * A host, its port and what follows.
     *
     * @param port empty without one
     * @param path with the slash that it begins with; empty without one
     */
    private record Place(String host, String port, String path) {
        static Place of(String text) {
            int slash = text.indexOf('/');
            String authority = slash < 0 ? text : text.substring(0, slash);
            String path = slash < 0 ? "" : text.substring(slash);
            int colon = authority.lastIndexOf(':');
            boolean isPort = colon >= 0 && !authority.endsWith("]");
            return isPort
                    ? new Place(authority.substring(0, colon), authority.substring(colon + 1), path)
                    : new Place(authority, "", path);
        }

        List<String> parts() {
            return Arrays.asList(host.split("\\.", -1));
        }
    }

    /** A pattern as Go's {@code path.Match} has them: {@code *}, {@code ?}, {@code [a-z]} and {@code \} before what is meant itself. */
    record Glob(List<Element> elements) {
        Glob {
            elements = List.copyOf(elements);
        }

        /** @param accepts one character; not looked at for a star */
        record Element(boolean star, IntPredicate accepts) {}

        /** Absent if it is malformed. */
        static Optional<Glob> parse(String text) {
            List<Element> elements = new ArrayList<>();
            int at = 0;
            while (at < text.length()) {
                char c = text.charAt(at++);
                switch (c) {
                    case '*' -> elements.add(new Element(true, any -> true));
                    case '?' -> elements.add(new Element(false, any -> true));
                    case '[' -> {
                        int end = text.indexOf(']', at + 1);
                        if (end < 0) {
                            return Optional.empty();
                        }
                        elements.add(new Element(false, oneOf(text.substring(at, end))));
                        at = end + 1;
                    }
                    case '\\' -> {
                        if (at == text.length()) {
                            return Optional.empty();
                        }
                        char literal = text.charAt(at++);
                        elements.add(new Element(false, other -> other == literal));
                    }
                    default -> elements.add(new Element(false, other -> other == c));
                }
            }
            return Optional.of(new Glob(elements));
        }

        private static IntPredicate oneOf(String set) {
            boolean negated = set.startsWith("^");
            String members = negated ? set.substring(1) : set;
            return c -> contains(members, c) != negated;
        }

        private static boolean contains(String members, int c) {
            int at = 0;
            while (at < members.length()) {
                boolean range = at + 2 < members.length() && members.charAt(at + 1) == '-';
                if (range ? members.charAt(at) <= c && c <= members.charAt(at + 2) : members.charAt(at) == c) {
                    return true;
                }
                at += range ? 3 : 1;
            }
            return false;
        }

        /** In time of pattern times text: after a mismatch only the last star takes one more. */
        boolean matches(String text) {
            int element = 0;
            int at = 0;
            int star = -1;
            int taken = 0;
            while (at < text.length()) {
                if (element < elements.size() && elements.get(element).star()) {
                    star = element++;
                    taken = at;
                } else if (element < elements.size()
                        && elements.get(element).accepts().test(text.charAt(at))) {
                    element++;
                    at++;
                } else if (star >= 0) {
                    element = star + 1;
                    at = ++taken;
                } else {
                    return false;
                }
            }
            while (element < elements.size() && elements.get(element).star()) {
                element++;
            }
            return element == elements.size();
        }
    }

    /** By what was written alone: predicates are not comparable. */
    @Override
    public boolean equals(Object other) {
        return other instanceof ImagePattern pattern && text.equals(pattern.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }
}
