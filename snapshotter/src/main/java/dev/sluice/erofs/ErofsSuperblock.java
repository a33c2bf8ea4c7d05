package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What an image says of itself.
 *
 * @param blockSize in bytes, a power of two from 512 to 65,536
 * @param blocks size of the image
 * @param inodes number of inodes
 * @param rootNid number of the root's inode
 * @param epochSeconds mtime of inodes that have none of their own, seconds since the Unix epoch
 * @param epochNanos nanoseconds of it
 * @param metadataBlock where inode 0 would be, in blocks
 * @param xattrBlock where shared xattrs begin, in blocks
 * @param volumeName without the padding
 * @param devices data devices, device 1 first
 * @param longPrefixes where further prefixes of xattr names are
 */
public record ErofsSuperblock(
        int blockSize,
        long blocks,
        long inodes,
        long rootNid,
        long epochSeconds,
        int epochNanos,
        long metadataBlock,
        long xattrBlock,
        UUID uuid,
        String volumeName,
        List<Device> devices,
        LongPrefixes longPrefixes) {
    private static final int MIN_BLOCK_BITS = 9;
    private static final int MAX_BLOCK_BITS = 16;
    /** All that is older: what only compressed files use is refused where such a file is met. */
    private static final int READABLE = OnDisk.INCOMPAT_METABOX - 1;

    /**
     * A data device.
     *
     * @param tag name or digest, at most 64 bytes, without the padding
     * @param blocks size; 0 if the image does not say, as those of older mkfs.erofs
     * @param mappedBlock where its blocks would begin in the address space of the image; 0 if nowhere
     */
    public record Device(String tag, long blocks, long mappedBlock) {}

    /**
     * Prefixes of xattr names that the image defines itself.
     *
     * @param offset in bytes, in the image or in a file of it
     * @param packedNid inode of the file that holds them; 0 if they are in the image itself
     */
    record LongPrefixes(int count, long offset, long packedNid) {}

    public ErofsSuperblock {
        devices = List.copyOf(devices);
    }

    static ErofsSuperblock read(ImageBytes image) throws IOException {
        ByteBuffer fields = image.read(OnDisk.SUPERBLOCK, OnDisk.SUPERBLOCK_SIZE);
        if (fields.getInt(0) != OnDisk.MAGIC) {
            throw new ErofsException("not an EROFS image: its magic is 0x" + Integer.toHexString(fields.getInt(0)));
        }
        int blockBits = fields.get(12);
        if (blockBits < MIN_BLOCK_BITS || blockBits > MAX_BLOCK_BITS) {
            throw new ErofsException("blocks of 2^" + blockBits + " bytes are not supported");
        }
        int blockSize = 1 << blockBits;
        int compatible = fields.getInt(8);
        if ((compatible & OnDisk.COMPAT_CHECKSUM) != 0) {
            checkChecksum(image, fields, blockSize);
        }
        int features = fields.getInt(80);
        if ((features & OnDisk.INCOMPAT_METABOX) != 0) {
            throw new ErofsException("compressed metadata are not supported");
        }
        if ((features & ~READABLE) != 0) {
            throw new ErofsException("incompatible features are not supported: 0x" + Integer.toHexString(features));
        }
        if (fields.get(90) != 0) {
            throw new ErofsException("blocks of directories have another size than others, which is not supported");
        }
        boolean large = (features & OnDisk.INCOMPAT_48BIT) != 0;
        boolean largeRoot = large && fields.getLong(112) != 0;
        long blocks = Integer.toUnsignedLong(fields.getInt(36)) | (largeRoot ? high(fields, 14) : 0);
        if ((compatible & OnDisk.COMPAT_RAFS_V6) != 0) {
            // nydus counts the blocks of all devices, too.
            blocks = image.size() / blockSize;
        }
        if (blocks > image.size() / blockSize) {
            throw new ErofsException("image of " + blocks + " blocks of " + blockSize
                    + " bytes is cut off, its file has only " + image.size() + " bytes");
        }
        boolean hasDevices = (features & OnDisk.INCOMPAT_DEVICE_TABLE) != 0;
        return new ErofsSuperblock(
                blockSize,
                blocks,
                fields.getLong(16),
                largeRoot ? fields.getLong(112) : Short.toUnsignedLong(fields.getShort(14)),
                fields.getLong(24),
                nanos(fields.getInt(32)),
                Integer.toUnsignedLong(fields.getInt(40)),
                Integer.toUnsignedLong(fields.getInt(44)),
                new UUID(Long.reverseBytes(fields.getLong(48)), Long.reverseBytes(fields.getLong(56))),
                text(fields, 64, OnDisk.VOLUME_NAME),
                hasDevices ? devices(image, fields, large) : List.of(),
                longPrefixes(fields, compatible, features));
    }

    /** Upper 16 bits of a block number of 48. */
    private static long high(ByteBuffer fields, int at) {
        return Short.toUnsignedLong(fields.getShort(at)) << 32;
    }

    private static LongPrefixes longPrefixes(ByteBuffer fields, int compatible, int features) {
        boolean packed =
                (features & OnDisk.INCOMPAT_FRAGMENTS) != 0 && (compatible & OnDisk.COMPAT_PLAIN_XATTR_PREFIXES) == 0;
        return new LongPrefixes(
                Byte.toUnsignedInt(fields.get(91)),
                Integer.toUnsignedLong(fields.getInt(92)) * 4,
                packed ? fields.getLong(96) : 0);
    }

    static int nanos(int value) throws ErofsException {
        if (value < 0 || value > 999_999_999) {
            throw new ErofsException("nanoseconds are out of range: " + Integer.toUnsignedString(value));
        }
        return value;
    }

    /** Covers the rest of the block in which the superblock lies, which is the one behind it if blocks have at most 1024 bytes. */
    private static void checkChecksum(ImageBytes image, ByteBuffer fields, int blockSize) throws IOException {
        int length = blockSize > OnDisk.SUPERBLOCK ? blockSize - OnDisk.SUPERBLOCK : blockSize;
        ByteBuffer covered = image.read(OnDisk.SUPERBLOCK, length);
        CRC32C checksum = new CRC32C();
        checksum.update(covered.slice(0, OnDisk.CHECKSUM));
        checksum.update(new byte[4]);
        checksum.update(covered.slice(OnDisk.CHECKSUM + 4, length - OnDisk.CHECKSUM - 4));
        int expected = fields.getInt(OnDisk.CHECKSUM);
        int actual = ~(int) checksum.getValue();
        if (actual != expected) {
            throw new ErofsException("checksum of the superblock is 0x" + Integer.toHexString(actual) + ", not 0x"
                    + Integer.toHexString(expected));
        }
    }

    private static List<Device> devices(ImageBytes image, ByteBuffer fields, boolean large) throws IOException {
        int count = Short.toUnsignedInt(fields.getShort(86));
        long start = (long) Short.toUnsignedInt(fields.getShort(88)) * OnDisk.DEVICE_SLOT;
        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer slot = image.read(start + (long) i * OnDisk.DEVICE_SLOT, OnDisk.DEVICE_SLOT);
            devices.add(new Device(
                    text(slot, 0, OnDisk.DEVICE_TAG),
                    Integer.toUnsignedLong(slot.getInt(64)) | (large ? high(slot, 72) : 0),
                    Integer.toUnsignedLong(slot.getInt(68)) | (large ? high(slot, 74) : 0)));
        }
        return devices;
    }

    private static String text(ByteBuffer fields, int offset, int size) {
        byte[] bytes = new byte[size];
        fields.get(offset, bytes);
        int length = 0;
        while (length < size && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }
}
