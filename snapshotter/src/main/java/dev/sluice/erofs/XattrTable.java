package dev.sluice.erofs;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The different extended attributes of an image and the different sets of them that inodes have. Set 0 is the empty one. Not
 * safe for use by many threads.
 */
final class XattrTable {
    private final ByteArena arena;
    /** Attributes in their on-disk form without padding: name length u8, name index u8, value size u16, name, value. */
    private final StringTable attributes;
    /** Sets: the numbers of their attributes, 4 bytes each, in ascending order of the attributes' bytes. */
    private final StringTable sets;

    private long skipped;

    XattrTable(ByteArena arena, SipHash hash) throws ErofsException {
        this.arena = arena;
        attributes = new StringTable(arena, hash);
        sets = new StringTable(arena, hash);
        sets.number(new byte[0]);
    }

    /** Attributes that were left out because EROFS has no prefix for their names. */
    long skipped() {
        return skipped;
    }

    int attributeCount() {
        return attributes.size();
    }

    int setCount() {
        return sets.size();
    }

    /** Arena string of an attribute's on-disk form. */
    int attribute(int number) {
        return attributes.string(number);
    }

    /** The numbers of a set's attributes. */
    int[] members(int set) {
        ByteBuffer bytes = ByteBuffer.wrap(arena.get(sets.string(set)));
        int[] members = new int[bytes.remaining() / 4];
        for (int i = 0; i < members.length; i++) {
            members[i] = bytes.getInt();
        }
        return members;
    }

    /**
     * The number of a set.
     *
     * @throws ErofsException if a name or value is longer than Linux and EROFS take, a name is not Unicode or empty behind its
     *     prefix, or the
     *     whole set is too large for one inode
     */
    int set(Map<String, byte[]> xattrs) throws ErofsException {
        if (xattrs.isEmpty()) {
            return 0;
        }
        List<Map.Entry<String, byte[]>> entries = List.copyOf(xattrs.entrySet());
        byte[][] encoded = new byte[entries.size()][];
        int count = 0;
        long body = OnDisk.XATTR_HEADER;
        for (Map.Entry<String, byte[]> entry : entries) {
            Optional<byte[]> attribute = encode(entry.getKey(), entry.getValue());
            if (attribute.isPresent()) {
                encoded[count++] = attribute.get();
                body += OnDisk.align(attribute.get().length, 4);
            } else {
                skipped++;
            }
        }
        if (body > OnDisk.XATTR_BODY_MAX) {
            throw new ErofsException("extended attributes of one inode take " + body + " bytes, at most "
                    + OnDisk.XATTR_BODY_MAX + " fit");
        }
        Arrays.sort(encoded, 0, count, Arrays::compareUnsigned);
        ByteBuffer members = ByteBuffer.allocate(4 * count);
        for (int i = 0; i < count; i++) {
            members.putInt(attributes.number(encoded[i]));
        }
        return sets.number(members.array());
    }

    private static Optional<byte[]> encode(String name, byte[] value) throws ErofsException {
        Optional<XattrPrefix> prefix = XattrPrefix.of(name);
        if (prefix.isEmpty()) {
            return Optional.empty();
        }
        byte[] full = utf8(name);
        if (full.length > OnDisk.NAME_MAX || name.indexOf('\0') >= 0) {
            throw new ErofsException(
                    "name of an extended attribute has a NUL or more than 255 bytes: " + Names.show(full));
        }
        if (value.length > OnDisk.XATTR_VALUE_MAX) {
            throw new ErofsException("extended attribute " + Names.show(full) + " has a value of " + value.length
                    + " bytes, at most " + OnDisk.XATTR_VALUE_MAX + " fit");
        }
        int start = prefix.get().text().length();
        int length = full.length - start;
        if (length == 0 && !prefix.get().isWholeName()) {
            throw new ErofsException("name of an extended attribute is only a prefix: " + Names.show(full));
        }
        ByteBuffer out =
                ByteBuffer.allocate(OnDisk.XATTR_ENTRY + length + value.length).order(ByteOrder.LITTLE_ENDIAN);
        out.put((byte) length).put((byte) prefix.get().index()).putShort((short) value.length);
        out.put(full, start, length).put(value);
        return Optional.of(out.array());
    }

    private static byte[] utf8(String name) throws ErofsException {
        try {
            ByteBuffer bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(name));
            byte[] result = new byte[bytes.remaining()];
            bytes.get(result);
            return result;
        } catch (CharacterCodingException e) {
            throw new ErofsException("name of an extended attribute is not Unicode: " + Names.show(name), e);
        }
    }
}
