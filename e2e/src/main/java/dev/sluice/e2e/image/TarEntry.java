package dev.sluice.e2e.image;

import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * One entry of a tar archive. Immutable; each {@code with} method returns a changed copy.
 *
 * @param path without a leading slash; in UTF-8
 * @param type of the header: {@code 0} file, {@code 1} hard link, {@code 2} symbolic link, {@code 3} character device, {@code 4}
 *     block device, {@code 5} directory, {@code 6} fifo
 * @param target of a link, otherwise empty
 * @param mode permission bits, setuid, setgid and sticky
 * @param major of a device
 * @param minor of a device
 * @param xattrs extended attributes by full name
 * @param contents of a file, otherwise empty; not to be changed
 */
public record TarEntry(
        String path,
        char type,
        String target,
        int mode,
        long uid,
        long gid,
        Instant mtime,
        int major,
        int minor,
        Map<String, byte[]> xattrs,
        byte[] contents) {

    private static final Instant MTIME = Instant.parse("2021-02-03T04:05:06Z");
    private static final byte[] NOTHING = {};

    public TarEntry {
        xattrs = Map.copyOf(xattrs);
    }

    public static TarEntry file(String path, byte[] contents) {
        return of(path, '0', "", 0644, contents);
    }

    /** A file that everybody may execute. */
    public static TarEntry executable(String path, byte[] contents) {
        return of(path, '0', "", 0755, contents);
    }

    public static TarEntry directory(String path) {
        return of(path, '5', "", 0755, NOTHING);
    }

    public static TarEntry symlink(String path, String target) {
        return of(path, '2', target, 0777, NOTHING);
    }

    public static TarEntry hardLink(String path, String target) {
        return of(path, '1', target, 0644, NOTHING);
    }

    public static TarEntry fifo(String path) {
        return of(path, '6', "", 0600, NOTHING);
    }

    public static TarEntry characterDevice(String path, int major, int minor) {
        return new TarEntry(path, '3', "", 0620, 0, 0, MTIME, major, minor, Map.of(), NOTHING);
    }

    public static TarEntry blockDevice(String path, int major, int minor) {
        return new TarEntry(path, '4', "", 0660, 0, 0, MTIME, major, minor, Map.of(), NOTHING);
    }

    /** Removes a path of the layers below. */
    public static TarEntry whiteout(String path) {
        int slash = path.lastIndexOf('/') + 1;
        return file(path.substring(0, slash) + ".wh." + path.substring(slash), NOTHING);
    }

    /** Removes everything that the layers below have in a directory. */
    public static TarEntry opaque(String directory) {
        return file(directory + "/.wh..wh..opq", NOTHING);
    }

    private static TarEntry of(String path, char type, String target, int mode, byte[] contents) {
        return new TarEntry(path, type, target, mode, 0, 0, MTIME, 0, 0, Map.of(), contents);
    }

    public TarEntry withMode(int changed) {
        return new TarEntry(path, type, target, changed, uid, gid, mtime, major, minor, xattrs, contents);
    }

    public TarEntry withOwner(long changedUid, long changedGid) {
        return new TarEntry(path, type, target, mode, changedUid, changedGid, mtime, major, minor, xattrs, contents);
    }

    public TarEntry withMtime(Instant changed) {
        return new TarEntry(path, type, target, mode, uid, gid, changed, major, minor, xattrs, contents);
    }

    public TarEntry withXattr(String name, byte[] value) {
        Map<String, byte[]> changed = new TreeMap<>(xattrs);
        changed.put(name, value);
        return new TarEntry(path, type, target, mode, uid, gid, mtime, major, minor, changed, contents);
    }
}
