package dev.sluice.layer;

import java.util.HashMap;
import java.util.Map;

/** What of a tar header's attributes containerd gives to the file that it makes. */
final class AppliedAttributes {
    private static final byte[] OPAQUE = {'y'};
    private static final long MAX_SECONDS = Long.MAX_VALUE / 1_000_000_000;
    private static final int MAX_XATTRS = 128;
    private static final int MAX_XATTR_NAME = 255;
    private static final int MAX_XATTR_VALUE = 65535;

    private AppliedAttributes() {}

    /**
     * A header's attributes as they are to be seen.
     *
     * @param user whether the kernel lets such a file have {@code user.*}: only regular files and directories may
     * @throws InvalidLayerException if an extended attribute does not fit Linux or EROFS
     */
    static Attributes of(Attributes header, boolean user) throws InvalidLayerException {
        long mtime = mtime(header);
        if (header.xattrs().isEmpty() && mtime == header.mtimeSeconds()) {
            return header;
        }
        Map<String, byte[]> kept = new HashMap<>();
        for (Map.Entry<String, byte[]> xattr : header.xattrs().entrySet()) {
            if (isKept(xattr.getKey(), user)) {
                check(xattr.getKey(), xattr.getValue());
                kept.put(xattr.getKey(), xattr.getValue());
            }
        }
        checkCount(kept);
        if (kept.size() == header.xattrs().size() && mtime == header.mtimeSeconds()) {
            return header;
        }
        int nanos = mtime == header.mtimeSeconds() ? header.mtimeNanos() : 0;
        return new Attributes(header.mode(), header.uid(), header.gid(), mtime, nanos, kept);
    }

    /** Times before 1970 and after 2262 become 0. */
    static long mtime(Attributes header) {
        return header.mtimeSeconds() < 0 || header.mtimeSeconds() >= MAX_SECONDS ? 0 : header.mtimeSeconds();
    }

    /**
     * The attributes of a file to which a second header is applied: extended attributes add up, all others are replaced.
     *
     * @throws InvalidLayerException if that makes too many extended attributes
     */
    static Attributes over(Attributes old, Attributes applied) throws InvalidLayerException {
        if (old.xattrs().isEmpty()) {
            return applied;
        }
        Map<String, byte[]> both = new HashMap<>(old.xattrs());
        both.putAll(applied.xattrs());
        checkCount(both);
        return with(applied, both);
    }

    /** The same with the time of others. */
    static Attributes withTimeOf(Attributes a, Attributes time) {
        return new Attributes(a.mode(), a.uid(), a.gid(), time.mtimeSeconds(), time.mtimeNanos(), a.xattrs());
    }

    /** Linux lets all symbolic links have the mode 0777. */
    static Attributes ofSymlink(Attributes a) {
        return a.mode() == 0777
                ? a
                : new Attributes(0777, a.uid(), a.gid(), a.mtimeSeconds(), a.mtimeNanos(), a.xattrs());
    }

    static Attributes opaque(Attributes attributes) {
        Map<String, byte[]> xattrs = new HashMap<>(attributes.xattrs());
        xattrs.put(LayerTree.OPAQUE, OPAQUE.clone());
        return with(attributes, xattrs);
    }

    private static Attributes with(Attributes a, Map<String, byte[]> xattrs) {
        return new Attributes(a.mode(), a.uid(), a.gid(), a.mtimeSeconds(), a.mtimeNanos(), xattrs);
    }

    /** containerd refuses {@code trusted.*}, and the kernel all prefixes but these. */
    private static boolean isKept(String name, boolean user) {
        return (user && name.startsWith("user."))
                || name.startsWith("security.")
                || name.equals("system.posix_acl_access")
                || name.equals("system.posix_acl_default");
    }

    private static void checkCount(Map<String, byte[]> xattrs) throws InvalidLayerException {
        if (xattrs.size() > MAX_XATTRS) {
            throw new InvalidLayerException("a file has " + xattrs.size() + " extended attributes");
        }
    }

    private static void check(String name, byte[] value) throws InvalidLayerException {
        if (TarPath.checkedBytes(name, 0, name.length()) > MAX_XATTR_NAME || value.length > MAX_XATTR_VALUE) {
            throw new InvalidLayerException("extended attribute " + TarPath.quote(name) + " is too long: its value has "
                    + value.length + " bytes");
        }
    }
}
