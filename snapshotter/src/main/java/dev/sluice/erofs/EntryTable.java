package dev.sluice.erofs;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * The tree of entries as columns of numbers, because a million entries must fit in little memory. An entry is known by its row;
 * row 0 is the root. Directories that only a path implied have no mode yet. Not safe for use by many threads.
 */
final class EntryTable {
    static final int ROOT = 0;
    /** Stands for the entry {@code .} of a directory where a row is expected. */
    static final int DOT = -1;
    /** Stands for the entry {@code ..} of a directory where a row is expected. */
    static final int DOT_DOT = -2;
    /** Mode of a further name of another entry; no file type has all bits. */
    static final int HARD_LINK = OnDisk.S_IFMT;

    private final ByteArena arena;
    private final SipHash hash;
    private final int maxEntries;
    private final int dotName;
    private final int dotDotName;

    private int size;
    private int[] buckets = new int[128];
    private int[] parent = new int[64];
    private int[] name = new int[64];
    private char[] mode = new char[64];
    private int[] uid = new int[64];
    private int[] gid = new int[64];
    private long[] mtimeSeconds = new long[64];
    private int[] mtimeNanos = new int[64];
    private int[] xattrs = new int[64];
    private long[] length = new long[64];
    private int[] detail = new int[64];

    EntryTable(ByteArena arena, SipHash hash, int maxEntries) throws ErofsException {
        this.arena = arena;
        this.hash = hash;
        this.maxEntries = maxEntries;
        byte[] dots = "..".getBytes(StandardCharsets.US_ASCII);
        dotName = arena.add(dots, 0, 1);
        dotDotName = arena.add(dots, 0, 2);
        name[ROOT] = arena.add(dots, 0, 0);
        size = 1;
    }

    int size() {
        return size;
    }

    int parent(int entry) {
        return parent[entry];
    }

    /** Arena string of the name; {@link #DOT} and {@link #DOT_DOT} have one too. */
    int name(int entry) {
        return entry >= 0 ? name[entry] : entry == DOT ? dotName : dotDotName;
    }

    /** File type and permissions; 0 for a directory that is missing, {@link #HARD_LINK} for a link. */
    int mode(int entry) {
        return mode[entry];
    }

    boolean isMissing(int entry) {
        return mode[entry] == 0;
    }

    boolean isHardLink(int entry) {
        return mode[entry] == HARD_LINK;
    }

    boolean isDirectory(int entry) {
        return isMissing(entry) || (mode[entry] & OnDisk.S_IFMT) == OnDisk.S_IFDIR;
    }

    int uid(int entry) {
        return uid[entry];
    }

    int gid(int entry) {
        return gid[entry];
    }

    long mtimeSeconds(int entry) {
        return mtimeSeconds[entry];
    }

    int mtimeNanos(int entry) {
        return mtimeNanos[entry];
    }

    /** Number of the set of xattrs in {@link XattrTable}. */
    int xattrs(int entry) {
        return xattrs[entry];
    }

    /** Bytes of a file or of a symlink's target. */
    long length(int entry) {
        return length[entry];
    }

    /** First device block of a file, device number, or arena string of a symlink's target or a hard link's path. */
    int detail(int entry) {
        return detail[entry];
    }

    /** The entry at a path, or -1. */
    int find(byte[] path) {
        int entry = ROOT;
        for (int start = 0; start < path.length && entry >= 0; ) {
            int end = endOfName(path, start);
            entry = child(entry, path, start, end);
            start = end + 1;
        }
        return entry;
    }

    /**
     * Makes the entry at a path, with all directories above it, or finds it if it is a missing directory and one is wanted.
     *
     * @throws ErofsException if the path is taken, leads through something that is no directory, or there are too many entries
     */
    int claim(byte[] path, boolean directory) throws ErofsException {
        Names.checkPath(path);
        int entry = ROOT;
        boolean made = false;
        for (int start = 0; start < path.length; ) {
            if (!isDirectory(entry)) {
                throw new ErofsException("path leads through something that is no directory: " + Names.show(path));
            }
            int end = endOfName(path, start);
            int child = made ? -1 : child(entry, path, start, end);
            made = child < 0;
            entry = made ? add(entry, path, start, end) : child;
            start = end + 1;
        }
        if (!made && !isMissing(entry)) {
            throw new ErofsException("two entries have the same path: " + Names.show(path));
        }
        if (!made && !directory) {
            throw new ErofsException("entry that is no directory has entries below it: " + Names.show(path));
        }
        return entry;
    }

    void set(int entry, int type, ErofsAttributes attributes, int xattrSet) {
        mode[entry] = (char) (type | attributes.mode());
        uid[entry] = attributes.uid();
        gid[entry] = attributes.gid();
        mtimeSeconds[entry] = attributes.mtimeSeconds();
        mtimeNanos[entry] = attributes.mtimeNanos();
        xattrs[entry] = xattrSet;
    }

    void setHardLink(int entry, int target) {
        mode[entry] = (char) HARD_LINK;
        detail[entry] = target;
    }

    void setContents(int entry, long lengthInBytes, int what) {
        length[entry] = lengthInBytes;
        detail[entry] = what;
    }

    byte[] path(int entry) {
        Deque<byte[]> names = new ArrayDeque<>();
        for (int at = entry; at != ROOT; at = parent[at]) {
            names.push(arena.get(name[at]));
        }
        ByteArrayOutputStream path = new ByteArrayOutputStream();
        for (byte[] part : names) {
            if (path.size() > 0) {
                path.write('/');
            }
            path.writeBytes(part);
        }
        return path.toByteArray();
    }

    private static int endOfName(byte[] path, int start) {
        int end = start;
        while (end < path.length && path[end] != '/') {
            end++;
        }
        return end;
    }

    private int child(int directory, byte[] path, int from, int to) {
        int bucket = bucket(hash.hash(directory, path, from, to));
        while (buckets[bucket] != 0) {
            int entry = buckets[bucket];
            if (parent[entry] == directory && arena.contentEquals(name[entry], path, from, to)) {
                return entry;
            }
            bucket = (bucket + 1) & (buckets.length - 1);
        }
        return -1;
    }

    private int add(int directory, byte[] path, int from, int to) throws ErofsException {
        if (size == maxEntries) {
            throw new ErofsException("more than " + maxEntries + " entries");
        }
        int string = arena.add(path, from, to);
        if (size == parent.length) {
            growColumns();
        }
        int entry = size++;
        parent[entry] = directory;
        name[entry] = string;
        if (2L * size > buckets.length) {
            growBuckets();
        } else {
            insert(entry, hash.hash(directory, path, from, to));
        }
        return entry;
    }

    private void growColumns() {
        int capacity = (int) Math.min(maxEntries, size + size / 2L + 1);
        parent = Arrays.copyOf(parent, capacity);
        name = Arrays.copyOf(name, capacity);
        mode = Arrays.copyOf(mode, capacity);
        uid = Arrays.copyOf(uid, capacity);
        gid = Arrays.copyOf(gid, capacity);
        mtimeSeconds = Arrays.copyOf(mtimeSeconds, capacity);
        mtimeNanos = Arrays.copyOf(mtimeNanos, capacity);
        xattrs = Arrays.copyOf(xattrs, capacity);
        length = Arrays.copyOf(length, capacity);
        detail = Arrays.copyOf(detail, capacity);
    }

    private void growBuckets() {
        buckets = new int[2 * buckets.length];
        for (int entry = 1; entry < size; entry++) {
            insert(entry, arena.hash(hash, parent[entry], name[entry]));
        }
    }

    private void insert(int entry, long value) {
        int bucket = bucket(value);
        while (buckets[bucket] != 0) {
            bucket = (bucket + 1) & (buckets.length - 1);
        }
        buckets[bucket] = entry;
    }

    private int bucket(long value) {
        return (int) value & (buckets.length - 1);
    }
}
