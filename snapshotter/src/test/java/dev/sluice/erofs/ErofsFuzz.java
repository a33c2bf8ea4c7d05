package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import java.util.zip.CRC32C;

/**
 * Fuzzes images, without the unused 1024 bytes in front of their superblock, and padded with zeros. The superblock has the right checksum if it
 * says that it has one.
 */
public final class ErofsFuzz {
    private static final int SIZE = 16 << 10;

    private ErofsFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        byte[] image = new byte[Math.max(SIZE, OnDisk.SUPERBLOCK + data.length)];
        System.arraycopy(data, 0, image, OnDisk.SUPERBLOCK, data.length);
        fixChecksum(image);
        try {
            readAll(ErofsReader.of(ByteBuffer.wrap(image)), image.length);
        } catch (ErofsException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static void readAll(ErofsReader reader, int size) throws IOException {
        reader.walk((path, inode) -> {
            reader.xattrs(inode);
            if (inode.isSymlink()) {
                reader.symlinkTarget(inode);
            } else if (inode.isRegularFile()) {
                long end = 0;
                for (ErofsExtent extent : reader.extents(inode)) {
                    check(extent.fileOffset() == end && extent.length() > 0, "extents of a file leave a gap");
                    check(
                            extent.device() != 0
                                    || extent.deviceOffset() + extent.length() <= size + OnDisk.BLOCK * 16L,
                            "an extent is outside of the image");
                    end += extent.length();
                }
                check(end == inode.size(), "extents of a file end before it");
            }
        });
    }

    private static void check(boolean right, String otherwise) {
        if (!right) {
            throw new AssertionError(otherwise);
        }
    }

    private static void fixChecksum(byte[] image) {
        ByteBuffer fields = ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
        int blockBits = Math.max(9, Math.min(12, fields.get(OnDisk.SUPERBLOCK + 12)));
        int length = blockBits > 10 ? (1 << blockBits) - OnDisk.SUPERBLOCK : 1 << blockBits;
        fields.putInt(OnDisk.SUPERBLOCK + OnDisk.CHECKSUM, 0);
        CRC32C checksum = new CRC32C();
        checksum.update(Arrays.copyOfRange(image, OnDisk.SUPERBLOCK, OnDisk.SUPERBLOCK + length));
        fields.putInt(OnDisk.SUPERBLOCK + OnDisk.CHECKSUM, ~(int) checksum.getValue());
    }
}
