package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Reads extended attributes, those behind the inode and those it shares with others. */
final class XattrReader {
    private final ImageBytes image;
    private final ErofsSuperblock superblock;
    private final List<String> longPrefixes;

    private XattrReader(ImageBytes image, ErofsSuperblock superblock, List<String> longPrefixes) {
        this.image = image;
        this.superblock = superblock;
        this.longPrefixes = longPrefixes;
    }

    static XattrReader open(ImageBytes image, ErofsSuperblock superblock, ContentsReader contents) throws IOException {
        return new XattrReader(image, superblock, longPrefixes(image, superblock, contents));
    }

    /** Each is 16 bits of length, one byte for the prefix that it begins with, and the rest of it; each begins at a multiple of 4. */
    private static List<String> longPrefixes(ImageBytes image, ErofsSuperblock superblock, ContentsReader contents)
            throws IOException {
        ErofsSuperblock.LongPrefixes table = superblock.longPrefixes();
        List<String> prefixes = new ArrayList<>();
        if (table.count() == 0) {
            return prefixes;
        }
        Optional<ErofsInode> file = table.packedNid() == 0
                ? Optional.empty()
                : Optional.of(ErofsInode.read(image, superblock, table.packedNid()));
        long at = table.offset();
        for (int i = 0; i < table.count(); i++) {
            int length = Short.toUnsignedInt(bytes(image, contents, file, at, 2).getShort());
            if (length == 0 || length > OnDisk.NAME_MAX + 1) {
                throw new ErofsException("prefix " + i + " of xattr names has " + length + " bytes");
            }
            ByteBuffer prefix = bytes(image, contents, file, at + 2, length);
            prefixes.add(prefix(Byte.toUnsignedInt(prefix.get())).text() + text(prefix));
            at = OnDisk.align(at + 2 + length, 4);
        }
        return prefixes;
    }

    private static ByteBuffer bytes(
            ImageBytes image, ContentsReader contents, Optional<ErofsInode> file, long at, int length)
            throws IOException {
        return file.isPresent() ? contents.read(file.get(), at, length) : image.read(at, length);
    }

    Map<String, byte[]> read(ErofsInode inode) throws IOException {
        Map<String, byte[]> xattrs = new TreeMap<>();
        if (inode.xattrSize() == 0) {
            return xattrs;
        }
        ByteBuffer body = image.read(inode.offset() + inode.inodeSize(), inode.xattrSize());
        int shared = Byte.toUnsignedInt(body.get(4));
        if (OnDisk.XATTR_HEADER + 4 * shared > inode.xattrSize()) {
            throw new ErofsException("shared xattrs of inode " + inode.nid() + " do not fit");
        }
        body.position(OnDisk.XATTR_HEADER);
        for (int i = 0; i < shared; i++) {
            long id = Integer.toUnsignedLong(body.getInt());
            add(inode, xattrs, readShared(superblock.xattrBlock() * superblock.blockSize() + 4 * id));
        }
        while (body.hasRemaining()) {
            int start = body.position();
            int size = body.remaining() < OnDisk.XATTR_ENTRY ? Integer.MAX_VALUE : size(body, start);
            if (size > body.remaining()) {
                throw new ErofsException("xattrs of inode " + inode.nid() + " do not fit");
            }
            add(inode, xattrs, body.slice(start, size).order(body.order()));
            body.position((int) Math.min(body.limit(), OnDisk.align(start + size, 4)));
        }
        return xattrs;
    }

    private ByteBuffer readShared(long offset) throws IOException {
        ByteBuffer head = image.read(offset, OnDisk.XATTR_ENTRY);
        return image.read(offset, size(head, 0));
    }

    /** Bytes of an entry without its padding. */
    private static int size(ByteBuffer in, int entry) {
        return OnDisk.XATTR_ENTRY + Byte.toUnsignedInt(in.get(entry)) + Short.toUnsignedInt(in.getShort(entry + 2));
    }

    private void add(ErofsInode inode, Map<String, byte[]> xattrs, ByteBuffer entry) throws ErofsException {
        int nameLength = Byte.toUnsignedInt(entry.get(0));
        byte[] value = new byte[Short.toUnsignedInt(entry.getShort(2))];
        entry.get(OnDisk.XATTR_ENTRY + nameLength, value);
        String name = beginning(Byte.toUnsignedInt(entry.get(1))) + text(entry.slice(OnDisk.XATTR_ENTRY, nameLength));
        if (name.getBytes(StandardCharsets.UTF_8).length > OnDisk.NAME_MAX) {
            throw new ErofsException("inode " + inode.nid() + " has an xattr with a name longer than 255 bytes");
        }
        if (xattrs.put(name, value) != null) {
            throw new ErofsException("inode " + inode.nid() + " has an xattr twice: " + Names.show(name));
        }
    }

    private String beginning(int index) throws ErofsException {
        if ((index & OnDisk.XATTR_LONG_PREFIX) == 0) {
            return prefix(index).text();
        }
        int number = index & ~OnDisk.XATTR_LONG_PREFIX;
        if (number >= longPrefixes.size()) {
            throw new ErofsException("an xattr has the unknown long name prefix " + number);
        }
        return longPrefixes.get(number);
    }

    private static XattrPrefix prefix(int index) throws ErofsException {
        return XattrPrefix.of(index)
                .orElseThrow(() -> new ErofsException("an xattr has an unknown name prefix: " + index));
    }

    private static String text(ByteBuffer bytes) throws ErofsException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new ErofsException("an xattr has a name that is not UTF-8", e);
        }
    }
}
