package dev.sluice.layer;

import static java.util.Objects.requireNonNull;

import java.util.Map;

/**
 * What a tar header says of an entry beside its name and type. Immutable as far as the arrays in {@code xattrs} are left
 * alone; they are shared, not copied.
 *
 * @param mode permission bits with setuid, setgid and sticky (07777), no file type
 * @param uid owner, unsigned 32 bits
 * @param gid group, unsigned 32 bits
 * @param mtimeSeconds modification time, seconds since the epoch, may be negative
 * @param mtimeNanos 0 to 999,999,999
 * @param xattrs full names ({@code user.x}, {@code security.capability}) to raw values; never {@code trusted.*}, except the
 *     opaque mark that a format derives from {@code .wh..wh..opq}
 */
public record Attributes(int mode, int uid, int gid, long mtimeSeconds, int mtimeNanos, Map<String, byte[]> xattrs) {
    public Attributes {
        requireNonNull(xattrs, "xattrs is null");
        if ((mode & ~07777) != 0) {
            throw new IllegalArgumentException("mode has more than permission bits: 0" + Integer.toOctalString(mode));
        }
        if (mtimeNanos < 0 || mtimeNanos > 999_999_999) {
            throw new IllegalArgumentException("mtimeNanos is out of range: " + mtimeNanos);
        }
        xattrs = Map.copyOf(xattrs);
    }
}
