package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** Decides which attributes are stored once for all inodes that have them, and where, and writes attributes. */
final class XattrLayout {
    /** The count in an inode's xattr header has one byte; what is beyond that is stored inline. */
    private static final int MAX_SHARED = 255;

    private final XattrTable table;
    private final ByteArena arena;
    /** Attributes that are shared, in the order of their bytes. */
    private final int[] shared;
    /** For every attribute its id, which is its offset in the shared area divided by 4, or -1. */
    private final int[] sharedId;
    /** For every set the size of an inode's xattr body. */
    private final int[] bodySize;

    private final long sharedSize;

    XattrLayout(EntryTable entries, XattrTable table, ByteArena arena) {
        this.table = table;
        this.arena = arena;
        int[] users = users(entries, table);
        sharedId = new int[users.length];
        Arrays.fill(sharedId, -1);
        int count = 0;
        int[] candidates = new int[users.length];
        for (int attribute = 0; attribute < users.length; attribute++) {
            if (users[attribute] > 1) {
                candidates[count++] = attribute;
            }
        }
        shared = Arrays.copyOf(candidates, count);
        IntSort.sort(shared, new int[count], 0, count, (a, b) -> arena.compare(table.attribute(a), table.attribute(b)));
        long offset = 0;
        for (int attribute : shared) {
            sharedId[attribute] = (int) (offset / 4);
            offset += entrySize(attribute);
        }
        sharedSize = offset;
        bodySize = new int[table.setCount()];
        for (int set = 1; set < bodySize.length; set++) {
            bodySize[set] = size(table.members(set));
        }
    }

    /** Bytes of the shared area. */
    long sharedSize() {
        return sharedSize;
    }

    /** Bytes that a set takes behind an inode, 0 or at least 16, a multiple of 4. */
    int bodySize(int set) {
        return bodySize[set];
    }

    void writeShared(ImageOutput out) throws IOException {
        for (int attribute : shared) {
            write(attribute, out);
        }
    }

    void writeBody(int set, ImageOutput out) throws IOException {
        if (bodySize[set] == 0) {
            return;
        }
        int[] members = table.members(set);
        int sharedCount = sharedCount(members);
        ByteBuffer buffer = out.room(OnDisk.XATTR_HEADER + 4 * sharedCount);
        // Name filter u32, unused; count u8; seven reserved bytes.
        buffer.putInt(0).putLong(sharedCount);
        int left = sharedCount;
        for (int attribute : members) {
            if (sharedId[attribute] >= 0 && left-- > 0) {
                buffer.putInt(sharedId[attribute]);
            }
        }
        left = sharedCount;
        for (int attribute : members) {
            if (sharedId[attribute] < 0 || left-- <= 0) {
                write(attribute, out);
            }
        }
    }

    private void write(int attribute, ImageOutput out) throws IOException {
        arena.copyTo(table.attribute(attribute), out.room(entrySize(attribute)));
        out.padTo(OnDisk.align(out.position(), 4));
    }

    private int size(int[] members) {
        if (members.length == 0) {
            return 0;
        }
        int left = sharedCount(members);
        int size = OnDisk.XATTR_HEADER + 4 * left;
        for (int attribute : members) {
            if (sharedId[attribute] < 0 || left-- <= 0) {
                size += entrySize(attribute);
            }
        }
        return size;
    }

    private int sharedCount(int[] members) {
        int count = 0;
        for (int attribute : members) {
            if (sharedId[attribute] >= 0) {
                count++;
            }
        }
        return Math.min(count, MAX_SHARED);
    }

    private int entrySize(int attribute) {
        return (int) OnDisk.align(arena.length(table.attribute(attribute)), 4);
    }

    /** How many inodes have each attribute. */
    private static int[] users(EntryTable entries, XattrTable table) {
        int[] usersOfSet = new int[table.setCount()];
        for (int entry = 0; entry < entries.size(); entry++) {
            if (!entries.isHardLink(entry)) {
                usersOfSet[entries.xattrs(entry)]++;
            }
        }
        int[] users = new int[table.attributeCount()];
        for (int set = 1; set < usersOfSet.length; set++) {
            for (int attribute : table.members(set)) {
                users[attribute] += usersOfSet[set];
            }
        }
        return users;
    }
}
