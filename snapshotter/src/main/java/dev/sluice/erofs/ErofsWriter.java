package dev.sluice.erofs;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects the entries of a file tree, in any order, and writes them as an EROFS metadata image: everything but the contents of
 * regular files, which lie on one data device. The same entries and options give the same bytes, whatever the order.
 *
 * <p>Paths are relative, separated by single slashes, without {@code .} or {@code ..}, at most 4095 bytes, each name at most 255;
 * the empty path is the root. Blocks have 4096 bytes. Kernels from 5.16 on mount the image.
 *
 * <p>All methods that add an entry throw {@link ErofsException} if the path is wrong or taken or leads through something that
 * is no directory, if there are more entries than the options allow, or if an extended attribute does not fit (full name of 1 to
 * 255 bytes, value of at most 65,535 bytes, about 256 KiB for one inode). Attributes whose names have none of the prefixes that
 * EROFS knows ({@code user.}, {@code trusted.}, {@code security.}, {@code lustre.}, the two POSIX ACLs) are left out and counted.
 *
 * <p>Not safe for use by many threads.
 */
public final class ErofsWriter {
    private static final int MAX_MAJOR = (1 << 12) - 1;
    private static final int MAX_MINOR = (1 << 20) - 1;

    private final ErofsOptions options;
    private final ByteArena arena;
    private final EntryTable entries;
    private final XattrTable xattrs;

    public ErofsWriter(ErofsOptions options) throws ErofsException {
        this.options = requireNonNull(options, "options is null");
        SipHash hash = SipHash.random();
        arena = new ByteArena();
        entries = new EntryTable(arena, hash, options.maxEntries());
        xattrs = new XattrTable(arena, hash);
    }

    /** Adds a directory, which may already have entries below it. */
    public void directory(byte[] path, ErofsAttributes attributes) throws ErofsException {
        int set = xattrs.set(attributes.xattrs());
        entries.set(entries.claim(path, true), OnDisk.S_IFDIR, attributes, set);
    }

    /**
     * Adds a regular file whose contents are the bytes {@code [deviceOffset, deviceOffset + size)} of the data device.
     *
     * @param size in bytes
     * @param deviceOffset in bytes, a multiple of 4096; meaningless if {@code size} is 0
     * @throws ErofsException also if the contents do not lie within the device
     */
    public void file(byte[] path, ErofsAttributes attributes, long size, long deviceOffset) throws ErofsException {
        long deviceSize = options.deviceBlocks() * OnDisk.BLOCK;
        if (size < 0
                || (size > 0 && (deviceOffset < 0 || deviceOffset > deviceSize || size > deviceSize - deviceOffset))) {
            throw new ErofsException("file of " + size + " bytes at " + deviceOffset + " is outside of a device of "
                    + deviceSize + " bytes: " + Names.show(path));
        }
        if (size > 0 && deviceOffset % OnDisk.BLOCK != 0) {
            throw new ErofsException(
                    "file does not begin at a block of the device but at " + deviceOffset + ": " + Names.show(path));
        }
        int block = size == 0 ? 0 : (int) (deviceOffset / OnDisk.BLOCK);
        add(path, OnDisk.S_IFREG, attributes, size, block);
    }

    /**
     * Adds a symbolic link.
     *
     * @param target as stored, not resolved; 1 to 4095 bytes without NUL
     */
    public void symlink(byte[] path, ErofsAttributes attributes, byte[] target) throws ErofsException {
        if (target.length == 0 || target.length > OnDisk.PATH_MAX) {
            throw new ErofsException(
                    "target of a symlink has " + target.length + " bytes, not 1 to 4095: " + Names.show(path));
        }
        for (byte b : target) {
            if (b == 0) {
                throw new ErofsException("target of a symlink contains a NUL: " + Names.show(path));
            }
        }
        add(path, OnDisk.S_IFLNK, attributes, target.length, arena.add(target, 0, target.length));
    }

    /**
     * Adds a device node; a character device 0/0 is a whiteout to overlayfs.
     *
     * @param block block device, else character device
     * @param major 0 to 4095
     * @param minor 0 to 1,048,575
     */
    public void device(byte[] path, ErofsAttributes attributes, boolean block, int major, int minor)
            throws ErofsException {
        if (major < 0 || major > MAX_MAJOR || minor < 0 || minor > MAX_MINOR) {
            throw new ErofsException("device number " + major + "/" + minor + " is none of Linux: " + Names.show(path));
        }
        int number = (minor & 0xFF) | major << 8 | (minor & ~0xFF) << 12;
        add(path, block ? OnDisk.S_IFBLK : OnDisk.S_IFCHR, attributes, 0, number);
    }

    public void fifo(byte[] path, ErofsAttributes attributes) throws ErofsException {
        add(path, OnDisk.S_IFIFO, attributes, 0, 0);
    }

    public void socket(byte[] path, ErofsAttributes attributes) throws ErofsException {
        add(path, OnDisk.S_IFSOCK, attributes, 0, 0);
    }

    /**
     * Adds a further name of another entry.
     *
     * @param target path of the entry, which may come later or be a hard link itself, but must not be a directory
     */
    public void hardLink(byte[] path, byte[] target) throws ErofsException {
        Names.checkPath(target);
        int entry = entries.claim(path, false);
        entries.setHardLink(entry, arena.add(target, 0, target.length));
    }

    /**
     * Paths of directories, the root among them, that are needed but were not added, parents before what is below them. Give
     * them attributes by {@link #directory}.
     */
    public List<byte[]> missingDirectories() {
        List<byte[]> missing = new ArrayList<>();
        for (int entry = 0; entry < entries.size(); entry++) {
            if (entries.isMissing(entry)) {
                missing.add(entries.path(entry));
            }
        }
        return missing;
    }

    /**
     * Writes the image to a file, which is made or overwritten. The file is not synced. If this fails, what is left of the file is no
     * image.
     *
     * @throws ErofsException if a directory is missing, a hard link leads nowhere, to a directory or to itself, or the image would
     *     be too large
     */
    public ErofsImageInfo writeTo(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            return writeTo(channel);
        }
    }

    /** Writes the image from offset 0 of a channel, whatever its position, and cuts off what is behind. See {@link #writeTo(Path)}. */
    public ErofsImageInfo writeTo(FileChannel channel) throws IOException {
        for (int entry = 0; entry < entries.size(); entry++) {
            if (entries.isMissing(entry)) {
                throw new ErofsException("directory has no attributes: " + Names.show(entries.path(entry)));
            }
        }
        Layout layout = new Layout(entries, arena, new XattrLayout(entries, xattrs, arena), options);
        new ImageWriter(entries, arena, layout, options, channel).write();
        return new ErofsImageInfo(layout.blocks(), layout.inodes(), xattrs.skipped());
    }

    private int add(byte[] path, int type, ErofsAttributes attributes, long length, int detail) throws ErofsException {
        int set = xattrs.set(attributes.xattrs());
        int entry = entries.claim(path, false);
        entries.set(entry, type, attributes, set);
        entries.setContents(entry, length, detail);
        return entry;
    }
}
