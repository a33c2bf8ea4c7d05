package dev.sluice.linux;

/** Flags of {@code open(2)}, from {@code asm-generic/fcntl.h} and arm64's {@code asm/fcntl.h}. */
public final class OpenFlags {
    public static final int O_RDONLY = 0;
    public static final int O_WRONLY = 1;
    public static final int O_RDWR = 2;
    public static final int O_CREAT = 0100;
    public static final int O_EXCL = 0200;
    public static final int O_TRUNC = 01000;
    public static final int O_APPEND = 02000;
    public static final int O_NONBLOCK = 04000;
    public static final int O_CLOEXEC = 02000000;
    public static final int O_PATH = 010000000;
    public static final int O_DIRECTORY;
    public static final int O_NOFOLLOW;
    public static final int O_DIRECT;

    static {
        boolean arm = System.getProperty("os.arch", "").equals("aarch64");
        O_DIRECTORY = arm ? 040000 : 0200000;
        O_NOFOLLOW = arm ? 0100000 : 0400000;
        O_DIRECT = arm ? 0200000 : 040000;
    }

    private OpenFlags() {}
}
