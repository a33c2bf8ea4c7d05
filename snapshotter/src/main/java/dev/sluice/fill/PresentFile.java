package dev.sluice.fill;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file that says which pages of a data device are present. Little-endian; B is the bitmap's length rounded up to 4096:
 *
 * <pre>
 * at 0            header, 4096 bytes: magic "SLUICEPB" | version u32 | reserved u32 | device size u64 | CRC32C of these u32
 * at 4096         slot 0: header, 4096 bytes: generation u64 | CRC32C of generation and bitmap u32; bitmap, B bytes
 * at 8192 + B     slot 1, the same
 * at 12288 + 2 B  live: header, 4096 bytes: boot ID, 16 bytes | CRC32C of it u32; two bitmaps, B bytes each, mapped
 * </pre>
 *
 * The slot with the higher generation whose checksum holds is the durable bitmap: a torn write leaves the other one. The live
 * bitmaps are right only during the boot that their header names. They say the same; a page counts after a restart only if both
 * name it, so that no single flipped bit makes a page of zeros count. Not safe for use by many threads, except {@link #live} and
 * {@link #set}.
 */
final class PresentFile implements AutoCloseable {
    static final long MAGIC = 0x42504543_49554C53L; // "SLUICEPB"
    static final int VERSION = 2;

    private static final Logger LOG = LoggerFactory.getLogger(PresentFile.class);
    private static final int BLOCK = 4096;
    private static final int HEADER_LENGTH = 28;
    private static final int SLOTS = 2;

    private final Path path;
    private final DeviceFile file;
    private final long pages;
    private final int bitmapLength;
    private final PresentBitmap live;
    private final PresentBitmap mirror;
    private long generation;

    private PresentFile(Path path, DeviceFile file, long deviceSize, BootId boot, boolean trusted) throws IOException {
        this.path = path;
        this.file = file;
        this.pages = deviceSize / DataDevice.PAGE;
        this.bitmapLength = Math.max(BLOCK, (PresentBitmap.bytesFor(pages) + BLOCK - 1) / BLOCK * BLOCK);
        if (!trusted || !headerIsOurs(deviceSize)) {
            createEmpty(deviceSize);
        }
        ByteBuffer durable = readDurable();
        boolean sameBoot = boot.equals(liveBoot());
        if (!sameBoot) {
            // Written, not only extended: a mapped hole would be a fault instead of an error on a full disk.
            file.writeFully(durable.duplicate(), liveAt() + BLOCK);
            file.writeFully(durable.duplicate(), liveAt() + BLOCK + bitmapLength);
        }
        ByteBuffer first = file.map(liveAt() + BLOCK, bitmapLength);
        ByteBuffer second = file.map(liveAt() + BLOCK + bitmapLength, bitmapLength);
        live = new PresentBitmap(first, pages);
        live.retain(second);
        mirror = new PresentBitmap(second, pages);
        mirror.retain(first);
        if (!sameBoot) {
            writeLiveHeader(boot);
        }
    }

    /**
     * Opens the file, and creates it when it is absent or corrupt.
     *
     * @param trusted false if the data device is not the one that the file speaks of: nothing is present then
     * @throws IOException if the file cannot be used, or has a version that is not ours
     */
    static PresentFile open(DeviceFiles files, Path path, long deviceSize, BootId boot, boolean trusted)
            throws IOException {
        DeviceFile file = files.open(path);
        try {
            return new PresentFile(path, file, deviceSize, boot, trusted);
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /** The bitmap that a crash of ours does not harm. Safe for use by many threads. */
    PresentBitmap live() {
        return live;
    }

    /** Names pages whose bytes are written. Safe for use by many threads. */
    void set(long from, long to) {
        // Readers look at the live one: it comes last.
        mirror.set(from, to);
        live.set(from, to);
    }

    /** A copy of the live bitmap, to be made durable when the pages in it are. */
    ByteBuffer snapshot() {
        ByteBuffer copy = ByteBuffer.allocate(bitmapLength);
        live.copyTo(copy);
        return copy.clear();
    }

    /** Replaces the durable bitmap. */
    void writeDurable(ByteBuffer bitmap) throws IOException {
        long next = generation + 1;
        ByteBuffer header = block().putLong(next);
        header.putInt(slotChecksum(next, bitmap)).clear();
        long at = slotAt((int) (next % SLOTS));
        // The old checksum goes away with the first block; until the force below, the other slot is the durable one.
        file.writeFully(header, at);
        file.writeFully(bitmap.duplicate(), at + BLOCK);
        file.sync();
        generation = next;
    }

    /**
     * Removes pages from both slots and from the live bitmap: no bitmap that could ever be read names them afterwards.
     *
     * @param from first page
     * @param to page after the last
     */
    void forget(long from, long to) throws IOException {
        clearLive(from, to);
        for (int i = 0; i < SLOTS; i++) {
            ByteBuffer direct =
                    ByteBuffer.allocateDirect(bitmapLength).put(readDurable()).clear();
            new PresentBitmap(direct, pages).clear(from, to);
            writeDurable(direct.clear());
        }
    }

    /** Clears live bits that are not durable: a sync failed, and what the kernel held for us may be lost. */
    void fallBackToDurable() {
        try {
            ByteBuffer durable = readDurable();
            live.retain(durable);
            mirror.retain(durable);
        } catch (IOException e) {
            LOG.warn("{}: durable bitmap cannot be read, nothing counts as present", path, e);
            clearLive(0, pages);
        }
    }

    private void clearLive(long from, long to) {
        live.clear(from, to);
        mirror.clear(from, to);
    }

    @Override
    public void close() {
        file.close();
    }

    private boolean headerIsOurs(long deviceSize) throws IOException {
        long length = file.size();
        if (length < BLOCK) {
            if (length > 0) {
                LOG.warn("{} is cut off, nothing counts as present", path);
            }
            return false;
        }
        ByteBuffer header = readBlock(0);
        if (header.getLong(0) == MAGIC && header.getInt(8) != VERSION) {
            throw new IOException(path + " has version " + header.getInt(8) + ", expected " + VERSION);
        }
        if (length != liveAt() + BLOCK + 2L * bitmapLength
                || header.getLong(0) != MAGIC
                || header.getInt(HEADER_LENGTH - 4) != checksum(header.slice(0, HEADER_LENGTH - 4))
                || header.getLong(16) != deviceSize) {
            LOG.warn("{} is corrupt or of another device, nothing counts as present", path);
            return false;
        }
        return true;
    }

    private void createEmpty(long deviceSize) throws IOException {
        file.truncate(0);
        file.sync();
        ByteBuffer header = block().putLong(MAGIC).putInt(VERSION).putInt(0).putLong(deviceSize);
        header.putInt(checksum(header.slice(0, HEADER_LENGTH - 4))).clear();
        file.truncate(liveAt() + BLOCK + 2L * bitmapLength);
        file.writeFully(header, 0);
        for (int i = 0; i < SLOTS; i++) {
            writeDurable(ByteBuffer.allocate(bitmapLength));
        }
    }

    private ByteBuffer readDurable() throws IOException {
        ByteBuffer best = ByteBuffer.allocate(bitmapLength);
        long bestGeneration = 0;
        for (int i = 0; i < SLOTS; i++) {
            ByteBuffer header = readBlock(slotAt(i));
            ByteBuffer bitmap = ByteBuffer.allocate(bitmapLength);
            file.readFully(bitmap, slotAt(i) + BLOCK);
            bitmap.clear();
            long slotGeneration = header.getLong(0);
            if (header.getInt(8) != slotChecksum(slotGeneration, bitmap)) {
                LOG.info("{}: slot {} is torn, the other one counts", path, i);
            } else if (slotGeneration > bestGeneration) {
                best = bitmap;
                bestGeneration = slotGeneration;
            }
        }
        if (bestGeneration == 0) {
            LOG.warn("{}: both slots are corrupt, nothing counts as present", path);
        }
        generation = bestGeneration;
        return best;
    }

    private BootId liveBoot() throws IOException {
        ByteBuffer header = readBlock(liveAt());
        boolean intact = header.getInt(16) == checksum(header.slice(0, 16));
        return new BootId(intact ? new UUID(header.getLong(0), header.getLong(8)) : new UUID(0, 0));
    }

    private void writeLiveHeader(BootId boot) throws IOException {
        ByteBuffer header = block().putLong(boot.value().getMostSignificantBits())
                .putLong(boot.value().getLeastSignificantBits());
        header.putInt(checksum(header.slice(0, 16))).clear();
        file.writeFully(header, liveAt());
    }

    private long slotAt(int slot) {
        return BLOCK + (long) slot * (BLOCK + bitmapLength);
    }

    private long liveAt() {
        return slotAt(SLOTS);
    }

    private static ByteBuffer block() {
        return ByteBuffer.allocate(BLOCK).order(ByteOrder.LITTLE_ENDIAN);
    }

    private ByteBuffer readBlock(long at) throws IOException {
        ByteBuffer block = block();
        file.readFully(block, at);
        return block.clear();
    }

    private static int checksum(ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.duplicate());
        return (int) crc.getValue();
    }

    private static int slotChecksum(long generation, ByteBuffer bitmap) {
        CRC32C crc = new CRC32C();
        crc.update(block().putLong(0, generation).limit(Long.BYTES));
        crc.update(bitmap.duplicate());
        return (int) crc.getValue();
    }
}
