package dev.sluice.ondemand.fanotify;

import dev.sluice.ondemand.fanotify.Protocol.Info;
import dev.sluice.ondemand.fanotify.Protocol.Metadata;
import dev.sluice.ondemand.fanotify.Protocol.Range;
import java.io.IOException;
import java.nio.ByteBuffer;

/** What one event says; each {@link #parse} replaces it. For use by one thread. */
final class Event {
    private long mask;
    private int fd = Protocol.NO_FD;
    private int pid;
    private long offset;
    private long count;
    private boolean hasRange;

    /**
     * Reads one event. Even if that fails, {@link #fd} is the descriptor that wants an answer, where it can be known.
     *
     * @param bytes in the machine's byte order; the event begins at index 0, position and limit do not matter
     * @param length bytes that the kernel has given, at most the buffer's capacity
     * @throws IOException if it is not one whole event of a known version
     */
    void parse(ByteBuffer bytes, int length) throws IOException {
        mask = 0;
        fd = Protocol.NO_FD;
        pid = 0;
        offset = 0;
        count = 0;
        hasRange = false;
        if (length < Metadata.SIZE) {
            throw new IOException("an event of " + length + " bytes is too short");
        }
        if (length > bytes.limit()) {
            throw new IOException("an event of " + length + " bytes cannot be in " + bytes.limit());
        }
        int version = Byte.toUnsignedInt(bytes.get(Metadata.VERS));
        if (version != Protocol.VERSION) {
            throw new IOException("events of version " + version + " are not known");
        }
        mask = bytes.getLong(Metadata.MASK);
        fd = Math.max(Protocol.NO_FD, bytes.getInt(Metadata.FD));
        pid = bytes.getInt(Metadata.PID);
        int end = bytes.getInt(Metadata.EVENT_LENGTH);
        int at = Short.toUnsignedInt(bytes.getShort(Metadata.METADATA_LENGTH));
        if (end != length || at < Metadata.SIZE || at > end) {
            throw new IOException(
                    "an event says that it has " + end + " bytes, " + at + " without records; it has " + length);
        }
        while (at < end) {
            at += record(bytes, at, end);
        }
    }

    /** @return the record's length */
    private int record(ByteBuffer bytes, int at, int end) throws IOException {
        int length = end - at < Info.SIZE ? 0 : Short.toUnsignedInt(bytes.getShort(at + Info.LENGTH));
        if (length < Info.SIZE || length > end - at) {
            throw new IOException("a record at " + at + " of " + end + " bytes is " + length + " bytes long");
        }
        if (Byte.toUnsignedInt(bytes.get(at + Info.TYPE)) != Range.TYPE) {
            return length;
        }
        if (length < Range.SIZE || hasRange) {
            throw new IOException("a range of " + length + " bytes, or a second one");
        }
        offset = bytes.getLong(at + Range.OFFSET);
        count = bytes.getLong(at + Range.COUNT);
        if (offset < 0 || count < 0 || offset > Long.MAX_VALUE - count) {
            throw new IOException(count + " bytes at " + offset + " are no range");
        }
        hasRange = true;
        return length;
    }

    /** An or of {@code FAN_} constants. */
    long mask() {
        return mask;
    }

    /** The descriptor that wants an answer, or {@link Protocol#NO_FD}. */
    int fd() {
        return fd;
    }

    /** The process that waits, 0 if it is not visible from here. */
    int pid() {
        return pid;
    }

    /** Whether somebody waits for a range. */
    boolean isForRange() {
        return hasRange && (mask & Protocol.FAN_PRE_ACCESS) != 0;
    }

    /** Where the range begins, in bytes. */
    long offset() {
        return offset;
    }

    /** Length of the range, in bytes; {@code offset + count} does not overflow. */
    long count() {
        return count;
    }
}
