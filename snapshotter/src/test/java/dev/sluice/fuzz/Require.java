package dev.sluice.fuzz;

/** What a fuzz target demands of the parser. */
public final class Require {
    private Require() {}

    public static void that(boolean condition, String otherwise) {
        if (!condition) {
            throw new AssertionError(otherwise);
        }
    }

    public static void equal(Object one, Object other, String otherwise) {
        if (!one.equals(other)) {
            throw new AssertionError(otherwise + ": " + one + " and " + other);
        }
    }
}
