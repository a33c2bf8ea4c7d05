package dev.sluice.ondemand.cachefiles;

/**
 * The messages of {@code include/uapi/linux/cachefiles.h}, Linux 5.19 to 7.1. Numbers are in the machine's byte order, offsets in bytes
 * from the start of the message.
 */
final class Protocol {
    /** The kernel refuses to give a message to a smaller buffer, and its longest is shorter: two keys of up to 255 bytes. */
    static final int BUFFER = 4096;

    /** {@code CACHEFILES_IOC_READ_COMPLETE}, {@code _IOW(0x98, 1, int)}: argument is the message's id, on the descriptor of the object. */
    static final long READ_COMPLETE = 0x40049801L;

    private Protocol() {}

    /** {@code struct cachefiles_msg}. */
    static final class Header {
        static final int SIZE = 16;
        static final int ID = 0;
        static final int OPCODE = 4;
        /** Of the whole message. */
        static final int LENGTH = 8;

        static final int OBJECT_ID = 12;

        private Header() {}
    }

    /** {@code struct cachefiles_open}; behind it the volume key with a NUL, then the cookie key without one. */
    static final class Open {
        static final int OPCODE = 0;
        static final int VOLUME_KEY_SIZE = 16;
        static final int COOKIE_KEY_SIZE = 20;
        static final int FD = 24;
        static final int KEYS = 32;

        private Open() {}
    }

    /** {@code CACHEFILES_OP_CLOSE}, a header only. */
    static final class Close {
        static final int OPCODE = 1;

        private Close() {}
    }

    /** {@code struct cachefiles_read}. */
    static final class Read {
        static final int OPCODE = 2;
        static final int SIZE = 32;
        static final int OFFSET = 16;
        static final int BYTES = 24;

        private Read() {}
    }
}
