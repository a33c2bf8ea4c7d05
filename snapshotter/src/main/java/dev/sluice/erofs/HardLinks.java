package dev.sluice.erofs;

import java.util.Arrays;

/** Which entry holds the inode that a name leads to, and how many names lead to it. */
final class HardLinks {
    private static final int UNKNOWN = -1;
    private static final int VISITED = -2;

    private final EntryTable entries;
    private final ByteArena arena;
    private final int[] owner;
    private final int[] links;

    /**
     * @throws ErofsException if a hard link leads nowhere, to a directory, or in a circle
     */
    HardLinks(EntryTable entries, ByteArena arena) throws ErofsException {
        this.entries = entries;
        this.arena = arena;
        owner = new int[entries.size()];
        links = new int[entries.size()];
        Arrays.fill(owner, UNKNOWN);
        for (int entry = 0; entry < owner.length; entry++) {
            resolve(entry);
            links[owner[entry]]++;
        }
        for (int entry = 0; entry < owner.length; entry++) {
            if (entries.isDirectory(entry)) {
                links[entry]++;
                links[entries.parent(entry)]++;
            }
        }
        // The root is no name in its parent: it was counted as its own child.
        links[EntryTable.ROOT]--;
    }

    /** The entry whose inode the name stands for: itself unless it is a hard link. */
    int owner(int entry) {
        return owner[entry];
    }

    /** Link count of the inode: names, or for a directory 2 and its subdirectories. */
    int count(int entry) {
        return links[entry];
    }

    private void resolve(int entry) throws ErofsException {
        int end = entry;
        while (owner[end] == UNKNOWN && entries.isHardLink(end)) {
            owner[end] = VISITED;
            end = target(end);
        }
        if (owner[end] == VISITED) {
            throw new ErofsException("hard link leads to itself: " + Names.show(entries.path(entry)));
        }
        int found = owner[end] == UNKNOWN ? end : owner[end];
        if (found != entry && entries.isDirectory(found)) {
            throw new ErofsException("hard link leads to a directory: " + Names.show(entries.path(entry)));
        }
        owner[end] = found;
        for (int link = entry; owner[link] == VISITED; ) {
            owner[link] = found;
            link = target(link);
        }
    }

    private int target(int link) throws ErofsException {
        byte[] path = arena.get(entries.detail(link));
        int target = entries.find(path);
        if (target < 0) {
            throw new ErofsException(
                    "target of hard link " + Names.show(entries.path(link)) + " does not exist: " + Names.show(path));
        }
        return target;
    }
}
