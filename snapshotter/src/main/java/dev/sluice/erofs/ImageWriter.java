package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Writes what a {@link Layout} has laid out, from the beginning to the end. */
final class ImageWriter {
    private static final int DEVICE = 1;

    private final EntryTable entries;
    private final ByteArena arena;
    private final Layout layout;
    private final ErofsOptions options;
    private final ImageOutput out;

    ImageWriter(EntryTable entries, ByteArena arena, Layout layout, ErofsOptions options, FileChannel channel) {
        this.entries = entries;
        this.arena = arena;
        this.layout = layout;
        this.options = options;
        out = new ImageOutput(channel);
    }

    void write() throws IOException {
        writeSuperblock();
        writeDeviceSlot();
        for (int i = 0; i < layout.inodes(); i++) {
            writeInode(layout.inode(i), i + 1);
        }
        out.padTo(layout.xattrBlock() * OnDisk.BLOCK);
        layout.xattrs().writeShared(out);
        for (int i = 0; i < layout.inodes(); i++) {
            writeBlocks(layout.inode(i));
        }
        out.padTo(layout.blocks() * OnDisk.BLOCK);
        out.finish();
    }

    private void writeSuperblock() throws IOException {
        out.padTo(OnDisk.SUPERBLOCK);
        ByteBuffer buffer = out.room(OnDisk.SUPERBLOCK_SIZE);
        buffer.putInt(OnDisk.MAGIC).putInt(0);
        buffer.putInt(OnDisk.COMPAT_CHECKSUM | OnDisk.COMPAT_MTIME);
        buffer.put((byte) OnDisk.BLOCK_BITS).put((byte) 0);
        buffer.putShort((short) layout.nid(EntryTable.ROOT));
        buffer.putLong(layout.inodes());
        buffer.putLong(options.epochSeconds()).putInt(options.epochNanos());
        buffer.putInt((int) layout.blocks());
        int metadataBlock = 0;
        buffer.putInt(metadataBlock).putInt((int) layout.xattrBlock());
        putUuid(buffer, options.uuid());
        putText(buffer, options.volumeName(), OnDisk.VOLUME_NAME);
        buffer.putInt(OnDisk.INCOMPAT_CHUNKED_FILE | OnDisk.INCOMPAT_DEVICE_TABLE);
        short compression = 0;
        short devices = 1;
        short deviceSlot = (OnDisk.SUPERBLOCK + OnDisk.SUPERBLOCK_SIZE) / OnDisk.DEVICE_SLOT;
        buffer.putShort(compression).putShort(devices).putShort(deviceSlot);
        out.padTo(OnDisk.SUPERBLOCK + OnDisk.SUPERBLOCK_SIZE);
    }

    private void writeDeviceSlot() throws IOException {
        ByteBuffer buffer = out.room(OnDisk.DEVICE_SLOT);
        putText(buffer, options.deviceTag(), OnDisk.DEVICE_TAG);
        buffer.putInt((int) options.deviceBlocks()).putInt(OnDisk.MAPPED_BLOCK);
        out.padTo(OnDisk.SUPERBLOCK + OnDisk.SUPERBLOCK_SIZE + OnDisk.DEVICE_SLOT);
    }

    private void writeInode(int entry, int number) throws IOException {
        long start = (long) layout.nid(entry) * OnDisk.INODE_SLOT;
        out.padTo(start);
        int xattrBody = layout.xattrs().bodySize(entries.xattrs(entry));
        int xattrCount = xattrBody == 0 ? 0 : (xattrBody - OnDisk.XATTR_HEADER) / 4 + 1;
        ByteBuffer buffer = out.room(OnDisk.EXTENDED_INODE);
        boolean extended = layout.isExtended(entry);
        buffer.putShort((short) ((extended ? 1 : 0) | dataLayout(entry) << 1));
        buffer.putShort((short) xattrCount).putShort((short) entries.mode(entry));
        if (extended) {
            buffer.putShort((short) 0)
                    .putLong(layout.size(entry))
                    .putInt(detail(entry))
                    .putInt(number);
            buffer.putInt(entries.uid(entry)).putInt(entries.gid(entry));
            buffer.putLong(entries.mtimeSeconds(entry)).putInt(entries.mtimeNanos(entry));
            buffer.putInt(layout.linkCount(entry)).putLong(0).putLong(0);
        } else {
            buffer.putShort((short) layout.linkCount(entry))
                    .putInt((int) layout.size(entry))
                    .putInt(0);
            buffer.putInt(detail(entry)).putInt(number);
            buffer.putShort((short) entries.uid(entry))
                    .putShort((short) entries.gid(entry))
                    .putInt(0);
        }
        layout.xattrs().writeBody(entries.xattrs(entry), out);
        if (layout.isChunked(entry)) {
            writeChunks(entry);
        } else if (layout.isInline(entry)) {
            writeTail(entry);
        }
    }

    private int dataLayout(int entry) {
        if (layout.isChunked(entry)) {
            return OnDisk.LAYOUT_CHUNKS;
        }
        return layout.isInline(entry) ? OnDisk.LAYOUT_INLINE : OnDisk.LAYOUT_PLAIN;
    }

    /** The field that means something else for every type: chunk format, block or device number. */
    private int detail(int entry) {
        return switch (entries.mode(entry) & OnDisk.S_IFMT) {
            case OnDisk.S_IFREG -> layout.isChunked(entry) ? OnDisk.CHUNK_INDEXES | layout.chunkBits(entry) : 0;
            case OnDisk.S_IFCHR, OnDisk.S_IFBLK -> entries.detail(entry);
            default -> (int) layout.firstBlock(entry);
        };
    }

    private void writeChunks(int entry) throws IOException {
        out.padTo(OnDisk.align(out.position(), OnDisk.CHUNK_INDEX));
        int chunks = layout.chunks(entry);
        ByteBuffer buffer = out.room(chunks * OnDisk.CHUNK_INDEX);
        int chunkBits = layout.chunkBits(entry);
        for (int i = 0; i < chunks; i++) {
            short advise = 0;
            buffer.putShort(advise).putShort((short) DEVICE);
            buffer.putInt(entries.detail(entry) + (i << chunkBits));
        }
    }

    private void writeTail(int entry) throws IOException {
        if (!entries.isDirectory(entry)) {
            writeTarget(entry);
            return;
        }
        Directories directories = layout.directories();
        int to = directories.to(entry);
        int from = directories.from(entry);
        for (int end = directories.endOfBlock(from, to); end < to; end = directories.endOfBlock(from, to)) {
            from = end;
        }
        writeEntries(entry, from, to);
    }

    /** Writes the blocks of an inode that are not inline. */
    private void writeBlocks(int entry) throws IOException {
        long block = layout.firstBlock(entry);
        if (block == 0) {
            return;
        }
        out.padTo(block * OnDisk.BLOCK);
        if (!entries.isDirectory(entry)) {
            writeTarget(entry);
            return;
        }
        Directories directories = layout.directories();
        int to = directories.to(entry);
        for (int from = directories.from(entry); from < to; ) {
            int end = directories.endOfBlock(from, to);
            if (end < to || !layout.isInline(entry)) {
                out.padTo(OnDisk.align(out.position(), OnDisk.BLOCK));
                writeEntries(entry, from, end);
            }
            from = end;
        }
    }

    private void writeTarget(int entry) throws IOException {
        arena.copyTo(entries.detail(entry), out.room(OnDisk.BLOCK));
    }

    private void writeEntries(int directory, int from, int to) throws IOException {
        Directories directories = layout.directories();
        ByteBuffer buffer = out.room(OnDisk.BLOCK);
        int nameOffset = (to - from) * OnDisk.DIRENT;
        for (int i = from; i < to; i++) {
            int entry = target(directory, directories.listed(i));
            buffer.putLong(layout.nid(entry)).putShort((short) nameOffset);
            buffer.put((byte) OnDisk.fileType(entries.mode(layout.owner(entry))))
                    .put((byte) 0);
            nameOffset += arena.length(entries.name(directories.listed(i)));
        }
        for (int i = from; i < to; i++) {
            arena.copyTo(entries.name(directories.listed(i)), buffer);
        }
    }

    private int target(int directory, int listed) {
        return switch (listed) {
            case EntryTable.DOT -> directory;
            case EntryTable.DOT_DOT -> entries.parent(directory);
            default -> listed;
        };
    }

    /** UUIDs are big-endian everywhere. */
    private static void putUuid(ByteBuffer buffer, UUID uuid) {
        buffer.putLong(Long.reverseBytes(uuid.getMostSignificantBits()));
        buffer.putLong(Long.reverseBytes(uuid.getLeastSignificantBits()));
    }

    private static void putText(ByteBuffer buffer, String text, int fieldSize) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        buffer.put(bytes).put(new byte[fieldSize - bytes.length]);
    }
}
