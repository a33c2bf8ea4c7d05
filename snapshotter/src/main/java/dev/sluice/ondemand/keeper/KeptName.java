package dev.sluice.ondemand.keeper;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name under which a keeper knows a file: the owner's name, and a number that grows when a file takes another one's place. So the
 * new file can be kept before the old one is let go.
 *
 * @param name letters, digits and {@code -}, at most 200 characters
 * @param generation 0 for the first file
 */
record KeptName(String name, int generation) {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9-]{1,200}");
    private static final Pattern TEXT = Pattern.compile("([A-Za-z0-9-]{1,200})(?:\\.([1-9][0-9]{0,8}))?");

    KeptName {
        requireName(name);
    }

    /** @throws IllegalArgumentException if a keeper cannot take such a name */
    static void requireName(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not up to 200 letters, digits and -: " + name);
        }
    }

    /** Empty if it is not one of ours. */
    static Optional<KeptName> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String generation = matcher.group(2);
        return Optional.of(new KeptName(matcher.group(1), generation == null ? 0 : Integer.parseInt(generation)));
    }

    KeptName next() {
        return new KeptName(name, generation + 1);
    }

    /** {@code fuse}, {@code fuse.1}. */
    @Override
    public String toString() {
        return generation == 0 ? name : name + "." + generation;
    }
}
