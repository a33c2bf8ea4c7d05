package dev.sluice.erofs;

/**
 * Where everything of an image lies: first the inodes, breadth first, so that the inodes of one directory are neighbours; then the
 * shared xattrs; then the blocks of directories and symlinks that are not inline.
 */
final class Layout {
    private static final int FIRST_INODE = OnDisk.SUPERBLOCK + OnDisk.SUPERBLOCK_SIZE + OnDisk.DEVICE_SLOT;
    private static final int NO_BLOCK = 0;

    private final EntryTable entries;
    private final ErofsOptions options;
    private final HardLinks links;
    private final Directories directories;
    private final XattrLayout xattrs;

    private final int[] order;
    private final int inodes;
    private final int[] nid;
    private final long[] size;
    /** First block, relative to {@link #firstDataBlock}. */
    private final int[] block;

    private final long xattrBlock;
    private final long firstDataBlock;
    private final long blocks;

    Layout(EntryTable entries, ByteArena arena, XattrLayout xattrs, ErofsOptions options) throws ErofsException {
        this.entries = entries;
        this.options = options;
        this.xattrs = xattrs;
        links = new HardLinks(entries, arena);
        directories = new Directories(entries, arena);
        size = new long[entries.size()];
        block = new int[entries.size()];
        nid = new int[entries.size()];
        order = new int[entries.size()];
        inodes = orderInodes();

        long end = FIRST_INODE;
        long dataBlocks = 0;
        for (int i = 0; i < inodes; i++) {
            int entry = order[i];
            size[entry] = entries.isDirectory(entry) ? directories.size(entry) : entries.length(entry);
            end = place(entry, end);
            block[entry] = (int) dataBlocks;
            dataBlocks += ownBlocks(entry);
            check(end, dataBlocks);
        }
        xattrBlock = blocksOf(end);
        firstDataBlock = xattrBlock + blocksOf(xattrs.sharedSize());
        blocks = firstDataBlock + dataBlocks;
        check(end, blocks);
    }

    /** Number of inodes. */
    int inodes() {
        return inodes;
    }

    /** The entry that owns the inode at a place in the order of the image. */
    int inode(int index) {
        return order[index];
    }

    /** Number of the inode that a name leads to: its offset divided by 32. */
    int nid(int entry) {
        return nid[links.owner(entry)];
    }

    /** The entry whose inode a name leads to. */
    int owner(int entry) {
        return links.owner(entry);
    }

    int linkCount(int entry) {
        return links.count(entry);
    }

    Directories directories() {
        return directories;
    }

    XattrLayout xattrs() {
        return xattrs;
    }

    /** Bytes of an inode's contents. */
    long size(int entry) {
        return size[entry];
    }

    /** First block of contents in the image itself; 0 if there is none. */
    long firstBlock(int entry) {
        return ownBlocks(entry) == 0 ? NO_BLOCK : firstDataBlock + block[entry];
    }

    /** Where the shared xattrs begin, in blocks. */
    long xattrBlock() {
        return xattrBlock;
    }

    /** Size of the image in blocks. */
    long blocks() {
        return blocks;
    }

    /** Whether an inode needs the 64-byte form: the short one has 16-bit owners and link count, and no mtime of its own. */
    boolean isExtended(int entry) {
        return (entries.uid(entry) >>> 16) != 0
                || (entries.gid(entry) >>> 16) != 0
                || (links.count(entry) >>> 16) != 0
                || (size[entry] >>> 32) != 0
                || entries.mtimeSeconds(entry) != options.epochSeconds()
                || entries.mtimeNanos(entry) != options.epochNanos();
    }

    /** Whether the last block of an inode's contents lies behind the inode. */
    boolean isInline(int entry) {
        return hasOwnContents(entry) && size[entry] > 0 && headSize(entry) + tailSize(entry) <= OnDisk.BLOCK;
    }

    /** Whether an inode's contents are on the data device. */
    boolean isChunked(int entry) {
        return (entries.mode(entry) & OnDisk.S_IFMT) == OnDisk.S_IFREG && size[entry] > 0;
    }

    /**
     * Blocks of one chunk of a file as a power of two. The contents are contiguous on the device, so the whole file is one chunk
     * unless it is longer than a chunk can be.
     */
    int chunkBits(int entry) {
        long fileBlocks = blocksOf(size[entry]);
        return Math.min(OnDisk.CHUNK_BITS_MASK, Long.SIZE - Long.numberOfLeadingZeros(fileBlocks - 1));
    }

    int chunks(int entry) {
        return (int) (((blocksOf(size[entry]) - 1) >>> chunkBits(entry)) + 1);
    }

    /** Breadth first, every directory's inodes in the order of their names; a hard link has none of its own. */
    private int orderInodes() {
        order[0] = EntryTable.ROOT;
        int count = 1;
        for (int i = 0; i < count; i++) {
            int directory = order[i];
            int to = directories.to(directory);
            for (int index = directories.from(directory); index < to; index++) {
                int entry = directories.listed(index);
                if (entry >= 0 && links.owner(entry) == entry) {
                    order[count++] = entry;
                }
            }
        }
        return count;
    }

    /**
     * Gives an inode its number. Inline contents must not cross a block, nor should an inode.
     *
     * @return offset behind the inode, a multiple of 32
     */
    private long place(int entry, long end) {
        long head = headSize(entry);
        long unbroken = isInline(entry) ? head + tailSize(entry) : inodeSize(entry);
        long start = end;
        if ((start & (OnDisk.BLOCK - 1)) + unbroken > OnDisk.BLOCK) {
            start = OnDisk.align(start, OnDisk.BLOCK);
        }
        nid[entry] = (int) (start / OnDisk.INODE_SLOT);
        long stop = start + Math.max(head, unbroken);
        if (isChunked(entry)) {
            stop = OnDisk.align(stop, OnDisk.CHUNK_INDEX) + (long) OnDisk.CHUNK_INDEX * chunks(entry);
        }
        return OnDisk.align(stop, OnDisk.INODE_SLOT);
    }

    private boolean hasOwnContents(int entry) {
        int type = entries.mode(entry) & OnDisk.S_IFMT;
        return type == OnDisk.S_IFDIR || type == OnDisk.S_IFLNK;
    }

    private long ownBlocks(int entry) {
        return hasOwnContents(entry) ? blocksOf(size[entry]) - (isInline(entry) ? 1 : 0) : 0;
    }

    private int inodeSize(int entry) {
        return isExtended(entry) ? OnDisk.EXTENDED_INODE : OnDisk.COMPACT_INODE;
    }

    private int headSize(int entry) {
        return inodeSize(entry) + xattrs.bodySize(entries.xattrs(entry));
    }

    private int tailSize(int entry) {
        return (int) ((size[entry] - 1) & (OnDisk.BLOCK - 1)) + 1;
    }

    private static long blocksOf(long bytes) {
        return (bytes + OnDisk.BLOCK - 1) >>> OnDisk.BLOCK_BITS;
    }

    private static void check(long end, long blocks) throws ErofsException {
        if (end / OnDisk.INODE_SLOT > Integer.MAX_VALUE || blocks >= OnDisk.MAPPED_BLOCK) {
            throw new ErofsException("image is too large");
        }
    }
}
