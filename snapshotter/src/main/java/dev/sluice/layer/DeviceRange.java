package dev.sluice.layer;

/**
 * A range of the data device, in bytes.
 *
 * @param offset at least 0
 * @param length at least 1
 */
public record DeviceRange(long offset, long length) {
    public DeviceRange {
        if (offset < 0 || length < 1 || offset > Long.MAX_VALUE - length) {
            throw new IllegalArgumentException("no range of a device: " + length + " bytes at " + offset);
        }
    }
}
