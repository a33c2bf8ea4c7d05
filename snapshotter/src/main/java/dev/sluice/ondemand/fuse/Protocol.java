package dev.sluice.ondemand.fuse;

/**
 * Sizes and offsets, in bytes, of the messages of {@code include/uapi/linux/fuse.h}, major version 7. All numbers are in the
 * machine's own byte order. Offsets of requests and replies count from after their header.
 */
final class Protocol {
    static final int MAJOR = 7;
    /** The version that introduced what is newest of all that Sluice uses: {@code FUSE_NOTIFY_RESEND}. */
    static final int MINOR = 40;
    /** Linux 5.16 speaks 35; everything that Sluice cannot do without came with 31. */
    static final int OLDEST_MINOR = 31;

    static final long ROOT_ID = 1;

    /** The kernel refuses a smaller buffer ({@code FUSE_MIN_READ_BUFFER}). */
    static final int MIN_REQUEST_BUFFER = 8192;

    static final int NAME_MAX = 255;

    private Protocol() {}

    /** {@code struct fuse_in_header}. */
    static final class InHeader {
        static final int SIZE = 40;
        static final int LENGTH = 0;
        static final int OPCODE = 4;
        static final int UNIQUE = 8;
        static final int NODE_ID = 16;
        /** The thread that asks, as seen from where the file system was mounted; 0 if it is not visible there. */
        static final int PID = 32;
    }

    /** {@code struct fuse_out_header}; error is 0 or a negative errno, and for a notification its code. */
    static final class OutHeader {
        static final int SIZE = 16;
        static final int LENGTH = 0;
        static final int ERROR = 4;
        static final int UNIQUE = 8;
    }

    /** {@code struct fuse_init_in} and {@code fuse_init_out}. */
    static final class Init {
        static final int IN_SIZE_WITHOUT_FLAGS2 = 16;
        static final int IN_SIZE = 64;
        static final int OUT_SIZE = 64;
        static final int MAJOR_VERSION = 0;
        static final int MINOR_VERSION = 4;
        static final int MAX_READAHEAD = 8;
        static final int FLAGS = 12;
        static final int IN_FLAGS2 = 16;
        static final int OUT_MAX_BACKGROUND = 16;
        static final int OUT_CONGESTION_THRESHOLD = 18;
        static final int OUT_MAX_WRITE = 20;
        static final int OUT_TIME_GRANULARITY = 24;
        static final int OUT_MAX_PAGES = 28;
        static final int OUT_FLAGS2 = 32;
    }

    /** Flags of {@link Init}; those from bit 32 on travel in {@code flags2}. */
    static final class InitFlag {
        static final long ASYNC_READ = 1;
        static final long ASYNC_DIO = 1L << 15;
        static final long NO_OPEN_SUPPORT = 1L << 17;
        static final long PARALLEL_DIROPS = 1L << 18;
        static final long MAX_PAGES = 1L << 22;
        static final long INIT_EXT = 1L << 30;
        static final long HAS_RESEND = 1L << 39;
    }

    /** {@code struct fuse_attr}. */
    static final class Attr {
        static final int SIZE = 88;
        static final int INODE = 0;
        static final int FILE_SIZE = 8;
        static final int BLOCKS = 16;
        static final int MODE = 60;
        static final int LINKS = 64;
        static final int BLOCK_SIZE = 80;
    }

    /** {@code struct fuse_entry_out}. */
    static final class Entry {
        static final int ATTR = 40;
        static final int SIZE = ATTR + Attr.SIZE;
        static final int NODE_ID = 0;
        static final int ENTRY_VALID = 16;
        static final int ATTR_VALID = 24;
    }

    /** {@code struct fuse_attr_out}. */
    static final class AttrReply {
        static final int ATTR = 16;
        static final int SIZE = ATTR + Attr.SIZE;
        static final int ATTR_VALID = 0;
    }

    /** {@code struct fuse_open_out}. */
    static final class Open {
        static final int SIZE = 16;
        static final int FLAGS = 8;
        static final int KEEP_CACHE = 2;
    }

    /** {@code struct fuse_read_in}, of READ and READDIR. */
    static final class Read {
        static final int IN_SIZE = 40;
        static final int OFFSET = 8;
        static final int LENGTH = 16;
    }

    /** {@code struct fuse_dirent}: header, name, padding to eight bytes. */
    static final class DirectoryEntry {
        static final int HEADER_SIZE = 24;
        static final int INODE = 0;
        static final int NEXT = 8;
        static final int NAME_LENGTH = 16;
        static final int TYPE = 20;
    }

    /** {@code struct fuse_kstatfs}. */
    static final class StatFs {
        static final int SIZE = 80;
        static final int BLOCK_SIZE = 40;
        static final int NAME_LENGTH = 44;
        static final int FRAGMENT_SIZE = 48;
    }

    /** {@code struct fuse_interrupt_in}. */
    static final class Interrupt {
        static final int IN_SIZE = 8;
    }

    /** Messages that nobody asked for, {@code enum fuse_notify_code}. */
    static final class Notify {
        static final int INVAL_INODE = 2;
        static final int INVAL_ENTRY = 3;
        static final int RESEND = 7;
        /** {@code struct fuse_notify_inval_inode_out}: inode u64, offset s64, length s64. */
        static final int INVAL_INODE_SIZE = 24;
        /** {@code struct fuse_notify_inval_entry_out} before the name: parent u64, name length u32, flags u32. */
        static final int INVAL_ENTRY_SIZE = 16;
    }
}
