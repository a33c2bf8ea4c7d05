package dev.sluice.layer;

/**
 * Names as they stand in tar headers, turned into paths of {@link Entry}: leading, trailing and double slashes and {@code .} go
 * away. What no honest tar contains is refused.
 */
final class TarPath {
    /** Longest name between two slashes, in bytes. */
    static final int MAX_NAME = 255;
    /** Longest path, in bytes: PATH_MAX without the final NUL. */
    static final int MAX_PATH = 4095;

    private TarPath() {}

    /**
     * The path of a name, the empty string for the root.
     *
     * @throws InvalidLayerException if the name contains {@code ..}, NUL or a surrogate that stands for no byte, or is too long
     */
    static String clean(String name) throws InvalidLayerException {
        if (name.length() > 2 * MAX_PATH) {
            throw new InvalidLayerException("name of " + name.length() + " characters is too long");
        }
        StringBuilder path = new StringBuilder(name.length());
        int start = 0;
        int bytes = 0;
        while (start <= name.length()) {
            int slash = name.indexOf('/', start);
            int end = slash < 0 ? name.length() : slash;
            int length = end - start;
            if (length == 2 && name.startsWith("..", start)) {
                throw new InvalidLayerException("name contains '..': " + quote(name));
            }
            if (length > 0 && !(length == 1 && name.charAt(start) == '.')) {
                int part = checkedBytes(name, start, end);
                if (part > MAX_NAME) {
                    throw new InvalidLayerException("name has a part of " + part + " bytes: " + quote(name));
                }
                bytes += part + 1;
                path.append(path.isEmpty() ? "" : "/").append(name, start, end);
            }
            start = end + 1;
        }
        if (bytes > MAX_PATH + 1) {
            throw new InvalidLayerException("path is longer than " + MAX_PATH + " bytes: " + quote(name));
        }
        return path.length() == name.length() ? name : path.toString();
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
