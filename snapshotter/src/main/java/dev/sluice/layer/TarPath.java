package dev.sluice.layer;

/**
 * Names as they stand in tar headers, turned into paths of {@link Entry} as Go's {@code filepath.Clean} does below a root: leading,
 * trailing and double slashes and {@code .} go away, and {@code ..} takes the part before it away; above the root there is nothing.
 */
final class TarPath {
    /** Longest name between two slashes, in bytes. */
    static final int MAX_NAME = 255;
    /** Longest path, in bytes: PATH_MAX without the final NUL. */
    static final int MAX_PATH = 4095;

    /** Longest name in a header, in characters. */
    private static final int MAX_TEXT = 1 << 20;

    private TarPath() {}

    /**
     * The path of a name, the empty string for the root.
     *
     * @throws InvalidLayerException if the path is too long, or has NUL or a surrogate that stands for no byte
     */
    static String clean(String name) throws InvalidLayerException {
        if (name.length() > MAX_TEXT) {
            throw new InvalidLayerException("name of " + name.length() + " characters is too long");
        }
        String path = isClean(name) ? name : withoutDots(name);
        int bytes = 0;
        for (int start = 0; start < path.length(); ) {
            int slash = path.indexOf('/', start);
            int end = slash < 0 ? path.length() : slash;
            int part = checkedBytes(path, start, end);
            if (part > MAX_NAME) {
                throw new InvalidLayerException("name has a part of " + part + " bytes: " + quote(name));
            }
            bytes += part + 1;
            start = end + 1;
        }
        if (bytes > MAX_PATH + 1) {
            throw new InvalidLayerException("path is longer than " + MAX_PATH + " bytes: " + quote(name));
        }
        return path;
    }

    /** Whether there is no slash too much, and no part that begins with a dot: so most names are. */
    private static boolean isClean(String name) {
        return !name.startsWith("/")
                && !name.startsWith(".")
                && !name.endsWith("/")
                && !name.contains("//")
                && !name.contains("/.");
    }

    private static String withoutDots(String name) {
        StringBuilder path = new StringBuilder(name.length());
        int start = 0;
        while (start < name.length()) {
            int slash = name.indexOf('/', start);
            int end = slash < 0 ? name.length() : slash;
            int length = end - start;
            if (length == 2 && name.startsWith("..", start)) {
                path.setLength(Math.max(0, path.lastIndexOf("/")));
            } else if (length > 0 && !(length == 1 && name.charAt(start) == '.')) {
                path.append(path.isEmpty() ? "" : "/").append(name, start, end);
            }
            start = end + 1;
        }
        return path.toString();
    }

    /**
     * Number of bytes that characters stand for, see {@link PathBytes}.
     *
     * @throws InvalidLayerException if there is a NUL or a surrogate that stands for no byte
     */
    static int checkedBytes(String text, int start, int end) throws InvalidLayerException {
        int bytes = 0;
        for (int i = start; i < end; i++) {
            char c = text.charAt(i);
            if (c == 0) {
                throw new InvalidLayerException("name or link target contains NUL: " + quote(text));
            } else if (c < 0x80) {
                bytes += 1;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c) && i + 1 < end && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else if (c >= 0xDC80 && c <= 0xDCFF) {
                bytes += 1;
            } else {
                throw new InvalidLayerException("name or link target is not well-formed: " + quote(text));
            }
        }
        return bytes;
    }

    /** The directory that contains {@code path}; the empty string if that is the root. */
    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    /** The last part of {@code path}. */
    static String base(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    /** For messages: bounded, printable. */
    static String quote(String name) {
        StringBuilder out = new StringBuilder("'");
        int length = Math.min(name.length(), 200);
        for (int i = 0; i < length; i++) {
            char c = name.charAt(i);
            out.append(c < ' ' || c == 0x7F || Character.isSurrogate(c) ? '?' : c);
        }
        return out.append(length < name.length() ? "...'" : "'").toString();
    }
}
