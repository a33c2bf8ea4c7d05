package dev.sluice.containerd;

/** Writes containerd's filter language (its package {@code filters}). */
public final class Filters {
    private Filters() {}

    /** Holds for what carries a label, whatever its value. */
    public static String hasLabel(String name) {
        return "labels." + quote(name);
    }

    /** Holds for what carries a label with this value. */
    public static String labelIs(String name, String value) {
        return "labels." + quote(name) + "==" + quote(value);
    }

    /** A Go string literal. */
    static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').appendCodePoint(c);
            } else if (c < ' ' || c == 0x7f) {
                out.append(String.format("\\x%02x", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.append('"').toString();
    }
}
