package dev.sluice.erofs;

/**
 * A chunk of a file. Offsets and lengths are in bytes.
 *
 * @param fileOffset offset in the file
 * @param length greater than 0
 * @param device 1 for the first data device and so on, 0 for the image itself; 0 for a hole
 * @param deviceOffset offset on the device; -1 for a hole
 * @param low the first 16 bits of its index, which the kernel ignores where block numbers have 32 bits; nydus numbers chunks in them
 * @param high the second 16 bits of its index, of which the kernel takes only as many as devices need; likewise. Both are 0 where
 *     there are only block numbers
 */
public record ErofsChunk(long fileOffset, long length, int device, long deviceOffset, int low, int high) {
    private static final long HOLE = -1;

    static ErofsChunk hole(long fileOffset, long length, int low, int high) {
        return new ErofsChunk(fileOffset, length, 0, HOLE, low, high);
    }

    /** Whether it reads as zeros that are stored nowhere. */
    public boolean isHole() {
        return deviceOffset == HOLE;
    }

    ErofsExtent toExtent() {
        return isHole()
                ? new ErofsExtent(fileOffset, length, ErofsExtent.HOLE, 0)
                : new ErofsExtent(fileOffset, length, device, deviceOffset);
    }
}
