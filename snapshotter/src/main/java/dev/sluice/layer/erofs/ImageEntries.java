package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsInode;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PathBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The entries of an image, as overlayfs would see them if the image itself were a lower layer: whiteouts are what they are to overlayfs,
 * and of {@code trusted.*} only the mark of opaque directories counts.
 */
final class ImageEntries {
    private static final String OPAQUE = "trusted.overlay.opaque";
    private static final byte[] YES = {'y'};
    private static final int MAX_XATTRS = 128;
    private static final int S_IFMT = 0170000;
    private static final int S_IFCHR = 0020000;
    private static final int S_IFSOCK = 0140000;
    private static final int PERMISSIONS = 07777;

    private final ErofsReader reader;
    private final ImageFiles files;
    private final ErofsLimits limits;
    private final List<Entry> entries = new ArrayList<>();
    private final Map<Long, String> firstNames = new HashMap<>();
    private long names;

    private ImageEntries(ErofsReader reader, ImageFiles files, ErofsLimits limits) {
        this.reader = reader;
        this.files = files;
        this.limits = limits;
    }

    /** All entries, a directory before what is in it, and a hard link after its target. */
    static List<Entry> read(ErofsReader reader, ImageFiles files, ErofsLimits limits) throws IOException {
        ImageEntries all = new ImageEntries(reader, files, limits);
        reader.walk(all::add);
        return all.entries;
    }

    private void add(byte[] bytes, ErofsInode inode) throws IOException {
        count(bytes.length);
        String path = PathBytes.decode(bytes);
        if (inode.isDirectory()) {
            entries.add(new Entry.Directory(path, attributes(inode)));
            return;
        }
        String first = firstNames.putIfAbsent(inode.nid(), path);
        entries.add(first == null ? entry(path, inode) : new Entry.HardLink(path, first));
    }

    private Entry entry(String path, ErofsInode inode) throws IOException {
        Attributes attributes = attributes(inode);
        if (inode.isRegularFile()) {
            return new Entry.RegularFile(path, attributes, inode.size(), files.deviceOffset(inode.nid()));
        }
        if (inode.isSymlink()) {
            return new Entry.Symlink(path, attributes, target(inode));
        }
        if (inode.isDevice()) {
            return (inode.mode() & S_IFMT) == S_IFCHR
                    ? new Entry.CharDevice(path, attributes, inode.major(), inode.minor())
                    : new Entry.BlockDevice(path, attributes, inode.major(), inode.minor());
        }
        return (inode.mode() & S_IFMT) == S_IFSOCK
                ? new Entry.Socket(path, attributes)
                : new Entry.Fifo(path, attributes);
    }

    private String target(ErofsInode symlink) throws IOException {
        byte[] target = reader.symlinkTarget(symlink);
        count(target.length);
        for (byte b : target) {
            if (b == 0) {
                throw new InvalidLayerException("target of a symlink contains a NUL: inode " + symlink.nid());
            }
        }
        return PathBytes.decode(target);
    }

    private Attributes attributes(ErofsInode inode) throws IOException {
        Map<String, byte[]> xattrs = new HashMap<>();
        for (Map.Entry<String, byte[]> xattr : reader.xattrs(inode).entrySet()) {
            if (isKept(inode, xattr.getKey(), xattr.getValue())) {
                count(xattr.getKey().length() + xattr.getValue().length);
                xattrs.put(xattr.getKey(), xattr.getValue());
            }
        }
        if (xattrs.size() > MAX_XATTRS) {
            throw new InvalidLayerException("inode " + inode.nid() + " has " + xattrs.size() + " extended attributes");
        }
        return new Attributes(
                inode.mode() & PERMISSIONS, inode.uid(), inode.gid(), inode.mtimeSeconds(), inode.mtimeNanos(), xattrs);
    }

    private static boolean isKept(ErofsInode inode, String name, byte[] value) {
        return name.startsWith("user.")
                || name.startsWith("security.")
                || name.equals("system.posix_acl_access")
                || name.equals("system.posix_acl_default")
                || (inode.isDirectory() && name.equals(OPAQUE) && Arrays.equals(value, YES));
    }

    private void count(long bytes) throws InvalidLayerException {
        names += bytes;
        if (names > limits.names()) {
            throw new InvalidLayerException(
                    "names and extended attributes of the image have more than " + limits.names() + " bytes");
        }
    }
}
