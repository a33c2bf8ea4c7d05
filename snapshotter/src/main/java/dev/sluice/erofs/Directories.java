package dev.sluice.erofs;

/**
 * What every directory lists, {@code .} and {@code ..} among it, in the strict order of unsigned bytes that the kernel's binary
 * search relies on, within a block and from block to block.
 *
 * <p>A block has its entries (12 bytes each) first and then their names, without a gap; the rest of a full block is zero.
 */
final class Directories {
    private final EntryTable entries;
    private final ByteArena arena;
    /** Where a directory's part of {@link #listed} begins. Others have an empty part. */
    private final int[] first;

    private final int[] listed;

    Directories(EntryTable entries, ByteArena arena) {
        this.entries = entries;
        this.arena = arena;
        int size = entries.size();
        first = new int[size + 1];
        for (int entry = 0; entry < size; entry++) {
            if (entry != EntryTable.ROOT) {
                first[entries.parent(entry)]++;
            }
            if (entries.isDirectory(entry)) {
                first[entry] += 2;
            }
        }
        int end = 0;
        for (int entry = 0; entry <= size; entry++) {
            end += first[entry];
            first[entry] = end;
        }
        listed = new int[end];
        for (int entry = size - 1; entry >= 0; entry--) {
            if (entry != EntryTable.ROOT) {
                listed[--first[entries.parent(entry)]] = entry;
            }
            if (entries.isDirectory(entry)) {
                listed[--first[entry]] = EntryTable.DOT_DOT;
                listed[--first[entry]] = EntryTable.DOT;
            }
        }
        int[] scratch = new int[end];
        for (int entry = 0; entry < size; entry++) {
            IntSort.sort(
                    listed,
                    scratch,
                    first[entry],
                    first[entry + 1],
                    (a, b) -> arena.compare(entries.name(a), entries.name(b)));
        }
    }

    /** Index of the first listed entry of a directory. */
    int from(int directory) {
        return first[directory];
    }

    /** Index behind the last listed entry of a directory. */
    int to(int directory) {
        return first[directory + 1];
    }

    /** The entry at an index; may be {@link EntryTable#DOT} or {@link EntryTable#DOT_DOT}. */
    int listed(int index) {
        return listed[index];
    }

    /** Index behind the last entry that fits into the block which begins with the entry at {@code from}. */
    int endOfBlock(int from, int to) {
        int used = 0;
        int end = from;
        while (end < to) {
            used += OnDisk.DIRENT + arena.length(entries.name(listed[end]));
            if (used > OnDisk.BLOCK) {
                break;
            }
            end++;
        }
        return end;
    }

    /** Bytes that the contents of a directory take: full blocks and what is used of the last. */
    long size(int directory) {
        int to = to(directory);
        int from = from(directory);
        long blocks = 0;
        for (int end = endOfBlock(from, to); end < to; end = endOfBlock(from, to)) {
            blocks++;
            from = end;
        }
        int tail = 0;
        for (int i = from; i < to; i++) {
            tail += OnDisk.DIRENT + arena.length(entries.name(listed[i]));
        }
        return blocks * OnDisk.BLOCK + tail;
    }
}
