package dev.sluice.ondemand.fanotify;

/**
 * Sizes and offsets, in bytes, of the messages of {@code include/uapi/linux/fanotify.h}. All numbers are in the machine's own byte order.
 */
final class Protocol {
    /** {@code FANOTIFY_METADATA_VERSION}. */
    static final int VERSION = 3;

    static final long FAN_Q_OVERFLOW = 0x4000;
    static final long FAN_PRE_ACCESS = 0x00100000;

    /** {@code FAN_NOFD}: the event is about no file. */
    static final int NO_FD = -1;

    static final int FAN_ALLOW = 1;
    /** {@code FAN_DENY_ERRNO(EIO)}. */
    static final int DENY_EIO = 2 | 5 << 24;

    private Protocol() {}

    /** {@code struct fanotify_event_metadata}. */
    static final class Metadata {
        static final int SIZE = 24;
        static final int EVENT_LENGTH = 0;
        static final int VERS = 4;
        static final int METADATA_LENGTH = 6;
        static final int MASK = 8;
        static final int FD = 16;
        static final int PID = 20;
    }

    /** {@code struct fanotify_event_info_header}. */
    static final class Info {
        static final int SIZE = 4;
        static final int TYPE = 0;
        static final int LENGTH = 2;
    }

    /** {@code struct fanotify_event_info_range}, header included. */
    static final class Range {
        static final int TYPE = 6;
        static final int SIZE = 24;
        static final int OFFSET = 8;
        static final int COUNT = 16;
    }

    /** {@code struct fanotify_response}. */
    static final class Response {
        static final int SIZE = 8;
        static final int FD = 0;
        static final int RESPONSE = 4;
    }
}
