package dev.sluice.ondemand.fuse;

/**
 * How a FUSE connection is served.
 *
 * @param threads how many threads read requests; they never wait for data, so a few are enough
 * @param maxReadBytes longest read that the kernel may ask for, a multiple of 4096, up to 1 MiB
 * @param maxBackground how many reads ahead the kernel may have outstanding; the kernel's own default of 12 would throttle
 *     readers that wait for a network
 * @param resend whether the kernel is asked to repeat what a former process has not answered, if it can; else a journal tells
 */
public record FuseOptions(int threads, int maxReadBytes, int maxBackground, boolean resend) {
    private static final int PAGE = 4096;
    private static final int MAX_PAGES = 256;

    public FuseOptions {
        if (threads < 1 || threads > Journal.LOOPS) {
            throw new IllegalArgumentException("not 1 to " + Journal.LOOPS + " threads: " + threads);
        }
        if (maxReadBytes < PAGE || maxReadBytes % PAGE != 0 || maxReadBytes > MAX_PAGES * PAGE) {
            throw new IllegalArgumentException("not 1 to 256 pages: " + maxReadBytes + " bytes");
        }
        if (maxBackground < 1 || maxBackground > 0xffff) {
            throw new IllegalArgumentException("not within 1 and 65535: " + maxBackground);
        }
    }

    /** What suits this machine. */
    public static FuseOptions defaults() {
        int processors = Runtime.getRuntime().availableProcessors();
        return new FuseOptions(Math.max(2, Math.min(4, processors)), MAX_PAGES * PAGE, 1024, true);
    }

    /** The same with so many threads, 1 to 64. */
    public FuseOptions withThreads(int count) {
        return new FuseOptions(count, maxReadBytes, maxBackground, resend);
    }

    /** The same, but the kernel is not asked to repeat anything. */
    FuseOptions withoutResend() {
        return new FuseOptions(threads, maxReadBytes, maxBackground, false);
    }

    int maxPages() {
        return maxReadBytes / PAGE;
    }
}
