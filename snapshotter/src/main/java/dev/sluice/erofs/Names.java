package dev.sluice.erofs;

import java.nio.charset.StandardCharsets;

/** Checks paths and shows them in messages. */
final class Names {
    private static final int SHOWN = 200;

    private Names() {}

    /**
     * @throws ErofsException if a path is not relative and normalized, or longer than Linux takes
     */
    static void checkPath(byte[] path) throws ErofsException {
        if (path.length > OnDisk.PATH_MAX) {
            throw new ErofsException("path is longer than " + OnDisk.PATH_MAX + " bytes: " + show(path));
        }
        int start = 0;
        for (int i = 0; i <= path.length; i++) {
            if (i == path.length || path[i] == '/') {
                if (path.length > 0) {
                    checkName(path, start, i);
                }
                start = i + 1;
            } else if (path[i] == 0) {
                throw new ErofsException("path contains a NUL: " + show(path));
            }
        }
    }

    private static void checkName(byte[] path, int from, int to) throws ErofsException {
        int length = to - from;
        if (length == 0) {
            throw new ErofsException("path has an empty name: " + show(path));
        }
        if (length > OnDisk.NAME_MAX) {
            throw new ErofsException("path has a name longer than " + OnDisk.NAME_MAX + " bytes: " + show(path));
        }
        if (path[from] == '.' && (length == 1 || (length == 2 && path[from + 1] == '.'))) {
            throw new ErofsException("path has a name that is . or ..: " + show(path));
        }
    }

    /** A quoted form for messages: printable ASCII as it is, all else as {@code \xNN}; long ones cut. */
    static String show(byte[] path) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(path.length, SHOWN); i++) {
            int b = path[i] & 0xFF;
            if (b >= 0x20 && b < 0x7F && b != '"' && b != '\\') {
                text.append((char) b);
            } else {
                text.append(String.format("\\x%02x", b));
            }
        }
        return text.append(path.length > SHOWN ? "\"..." : "\"").toString();
    }

    static String show(String text) {
        return show(text.getBytes(StandardCharsets.UTF_8));
    }
}
