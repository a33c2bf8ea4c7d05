package dev.sluice.erofs;

/**
 * Where a range of a file's contents lies. All in bytes.
 *
 * @param fileOffset offset in the file
 * @param length greater than 0
 * @param device 1 for the first data device and so on, 0 for the image itself, -1 for a hole
 * @param deviceOffset offset on the device; 0 for a hole
 */
public record ErofsExtent(long fileOffset, long length, int device, long deviceOffset) {
    static final int HOLE = -1;

    /** Whether the range reads as zeros that are stored nowhere. */
    public boolean isHole() {
        return device == HOLE;
    }

    /** Whether another extent goes on where this one ends, in the file and on the device. */
    boolean isFollowedBy(ErofsExtent next) {
        return fileOffset + length == next.fileOffset
                && device == next.device
                && (isHole() || deviceOffset + length == next.deviceOffset);
    }

    ErofsExtent join(ErofsExtent next) {
        return new ErofsExtent(fileOffset, length + next.length, device, deviceOffset);
    }
}
