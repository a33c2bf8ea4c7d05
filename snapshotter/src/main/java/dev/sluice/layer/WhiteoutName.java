package dev.sluice.layer;

/** Names by which a layer says what it hides of the layers beneath it, from the OCI image specification's section on whiteouts. */
final class WhiteoutName {
    private static final String PREFIX = ".wh.";
    private static final String META_PREFIX = PREFIX + PREFIX;
    private static final String OPAQUE = META_PREFIX + ".opq";

    private WhiteoutName() {}

    /** Whether a path ends in the mark of an opaque directory. */
    static boolean isOpaque(String path) {
        return TarPath.base(path).equals(OPAQUE);
    }

    /** Whether a path is, or lies below, a name that AUFS kept for itself, as {@code .wh..wh.plnk}. */
    static boolean isMeta(String path) {
        return !isOpaque(path) && (path.startsWith(META_PREFIX) || path.contains("/" + META_PREFIX));
    }

    /** Whether the last part of a path is a whiteout. */
    static boolean is(String path) {
        return TarPath.base(path).startsWith(PREFIX);
    }

    /**
     * The path that a whiteout hides.
     *
     * @throws InvalidLayerException if it hides none
     */
    static String hidden(String path) throws InvalidLayerException {
        String name = TarPath.base(path).substring(PREFIX.length());
        if (name.isEmpty() || name.equals(".") || name.equals("..")) {
            throw new InvalidLayerException("whiteout hides no name: " + TarPath.quote(path));
        }
        String parent = TarPath.parent(path);
        return parent.isEmpty() ? name : parent + "/" + name;
    }
}
