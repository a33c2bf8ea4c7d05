package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * What an image says of itself. Blocks have 4096 bytes.
 *
 * @param blocks size of the image
 * @param inodes number of inodes
 * @param rootNid number of the root's inode
 * @param epochSeconds mtime of inodes that have none of their own, seconds since the Unix epoch
 * @param epochNanos nanoseconds of it
 * @param metadataBlock where inode 0 would be, in blocks
 * @param xattrBlock where shared xattrs begin, in blocks
 * @param volumeName without the padding
 * @param devices data devices, device 1 first
 */
public record ErofsSuperblock(
        long blocks,
        long inodes,
        long rootNid,
        long epochSeconds,
        int epochNanos,
        long metadataBlock,
        long xattrBlock,
        UUID uuid,
        String volumeName,
        List<Device> devices) {
    private static final int READABLE =
            OnDisk.INCOMPAT_ZERO_PADDING | OnDisk.INCOMPAT_CHUNKED_FILE | OnDisk.INCOMPAT_DEVICE_TABLE;

    /**
     * A data device.
     *
     * @param tag name or digest, without the padding
     * @param blocks size; 0 if the image does not say, as those of older mkfs.erofs
     * @param mappedBlock where its blocks would begin in the address space of the image
     */
    public record Device(String tag, long blocks, long mappedBlock) {}

    public ErofsSuperblock {
        devices = List.copyOf(devices);
    }

    static ErofsSuperblock read(ImageBytes image) throws IOException {
        ByteBuffer block = image.read(0, OnDisk.BLOCK);
        ByteBuffer fields =
                block.slice(OnDisk.SUPERBLOCK, OnDisk.BLOCK - OnDisk.SUPERBLOCK).order(ByteOrder.LITTLE_ENDIAN);
        if (fields.getInt(0) != OnDisk.MAGIC) {
            throw new ErofsException("not an EROFS image: its magic is 0x" + Integer.toHexString(fields.getInt(0)));
        }
        if ((fields.getInt(8) & OnDisk.COMPAT_CHECKSUM) != 0) {
            checkChecksum(fields);
        }
        if (fields.get(12) != OnDisk.BLOCK_BITS) {
            throw new ErofsException("blocks of 2^" + fields.get(12) + " bytes are not supported, only 4096");
        }
        int features = fields.getInt(80);
        if ((features & ~READABLE) != 0) {
            throw new ErofsException("incompatible features are not supported: 0x" + Integer.toHexString(features));
        }
        long blocks = Integer.toUnsignedLong(fields.getInt(36));
        if (blocks > image.size() / OnDisk.BLOCK) {
            throw new ErofsException(
                    "image of " + blocks + " blocks is cut off, its file has only " + image.size() + " bytes");
        }
        boolean hasDevices = (features & OnDisk.INCOMPAT_DEVICE_TABLE) != 0;
        return new ErofsSuperblock(
                blocks,
                fields.getLong(16),
                Short.toUnsignedLong(fields.getShort(14)),
                fields.getLong(24),
                nanos(fields.getInt(32)),
                Integer.toUnsignedLong(fields.getInt(40)),
                Integer.toUnsignedLong(fields.getInt(44)),
                new UUID(Long.reverseBytes(fields.getLong(48)), Long.reverseBytes(fields.getLong(56))),
                text(fields, 64, OnDisk.VOLUME_NAME),
                hasDevices ? devices(image, fields) : List.of());
    }

    static int nanos(int value) throws ErofsException {
        if (value < 0 || value > 999_999_999) {
            throw new ErofsException("nanoseconds are out of range: " + Integer.toUnsignedString(value));
        }
        return value;
    }

    private static void checkChecksum(ByteBuffer fields) throws ErofsException {
        CRC32C checksum = new CRC32C();
        checksum.update(fields.slice(0, OnDisk.CHECKSUM));
        checksum.update(new byte[4]);
        checksum.update(fields.slice(OnDisk.CHECKSUM + 4, fields.capacity() - OnDisk.CHECKSUM - 4));
        int expected = fields.getInt(OnDisk.CHECKSUM);
        int actual = ~(int) checksum.getValue();
        if (actual != expected) {
            throw new ErofsException("checksum of the superblock is 0x" + Integer.toHexString(actual) + ", not 0x"
                    + Integer.toHexString(expected));
        }
    }

    private static List<Device> devices(ImageBytes image, ByteBuffer fields) throws IOException {
        int count = Short.toUnsignedInt(fields.getShort(86));
        long start = (long) Short.toUnsignedInt(fields.getShort(88)) * OnDisk.DEVICE_SLOT;
        List<Device> devices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuffer slot = image.read(start + (long) i * OnDisk.DEVICE_SLOT, OnDisk.DEVICE_SLOT);
            devices.add(new Device(
                    text(slot, 0, OnDisk.DEVICE_TAG),
                    Integer.toUnsignedLong(slot.getInt(64)),
                    Integer.toUnsignedLong(slot.getInt(68))));
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
