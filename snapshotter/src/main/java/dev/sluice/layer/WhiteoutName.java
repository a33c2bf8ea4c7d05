package dev.sluice.layer;

/** Names by which a layer says what it hides of the layers beneath it, from the OCI image specification's section on whiteouts. */
final class WhiteoutName {
    private static final String PREFIX = ".wh.";
    private static final String OPAQUE = PREFIX + PREFIX + ".opq";

    private WhiteoutName() {}

    /** Whether a path ends in the mark of an opaque directory. */
    static boolean isOpaque(String path) {
        return TarPath.base(path).equals(OPAQUE);
    }

    /** Whether the last part of a path is a whiteout, or the mark of an opaque directory. */
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
