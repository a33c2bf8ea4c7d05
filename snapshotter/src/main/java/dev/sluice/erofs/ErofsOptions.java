package dev.sluice.erofs;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * What an image says of itself. Blocks have 4096 bytes.
 *
 * @param deviceBlocks blocks of the data device, 0 to 2<sup>32</sup> - 1; every file must end within them
 * @param deviceTag name of the data device, 1 to 64 bytes of UTF-8; the kernel takes it for the device's cookie in fscache mode
 *     if no {@code device=} option names one
 * @param epochSeconds build time, seconds since the Unix epoch; an inode with exactly this mtime takes 32 bytes less
 * @param epochNanos nanoseconds of the build time, 0 to 999,999,999
 * @param uuid of the file system; the caller derives it from the contents if equal images shall be equal files
 * @param volumeName at most 15 bytes of UTF-8
 * @param maxEntries most entries a writer takes, counting directories that no entry names; bounds its memory (roughly 100 bytes
 *     and the name for each)
 */
public record ErofsOptions(
        long deviceBlocks,
        String deviceTag,
        long epochSeconds,
        int epochNanos,
        UUID uuid,
        String volumeName,
        int maxEntries) {
    /** Value of {@code maxEntries} unless told otherwise. */
    public static final int DEFAULT_MAX_ENTRIES = 4 << 20;

    public ErofsOptions {
        requireNonNull(uuid, "uuid is null");
        if (deviceBlocks < 0 || deviceBlocks > 0xFFFF_FFFFL) {
            throw new IllegalArgumentException("a device has 0 to 2^32 - 1 blocks, not " + deviceBlocks);
        }
        int tag = deviceTag.getBytes(StandardCharsets.UTF_8).length;
        if (tag == 0 || tag > OnDisk.DEVICE_TAG) {
            throw new IllegalArgumentException("a device tag has 1 to 64 bytes, not " + tag);
        }
        if (epochNanos < 0 || epochNanos > 999_999_999) {
            throw new IllegalArgumentException("epochNanos is out of range: " + epochNanos);
        }
        if (volumeName.getBytes(StandardCharsets.UTF_8).length >= OnDisk.VOLUME_NAME) {
            throw new IllegalArgumentException("a volume name has at most 15 bytes: " + volumeName);
        }
        if (maxEntries < 1) {
            throw new IllegalArgumentException("maxEntries is not positive: " + maxEntries);
        }
    }

    /**
     * Options of an image whose identity is that of its data device: the UUID comes from the tag, the build time is the Unix
     * epoch.
     */
    public static ErofsOptions forDevice(long deviceBlocks, String deviceTag) {
        UUID uuid = UUID.nameUUIDFromBytes(deviceTag.getBytes(StandardCharsets.UTF_8));
        return new ErofsOptions(deviceBlocks, deviceTag, 0, 0, uuid, "", DEFAULT_MAX_ENTRIES);
    }

    /** The same options with another build time. */
    public ErofsOptions withEpoch(long seconds, int nanos) {
        return new ErofsOptions(deviceBlocks, deviceTag, seconds, nanos, uuid, volumeName, maxEntries);
    }

    /** The same options with another UUID. */
    public ErofsOptions withUuid(UUID other) {
        return new ErofsOptions(deviceBlocks, deviceTag, epochSeconds, epochNanos, other, volumeName, maxEntries);
    }
}
