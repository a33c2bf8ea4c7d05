package dev.sluice.ondemand.fuse;

/**
 * How a FUSE connection is served.
 *
 * @param threads how many threads read requests; they never wait for data, so a few are enough
 * @param maxReadBytes longest read that the kernel may ask for, a multiple of 4096, up to 1 MiB
 * @param maxBackground how many reads ahead the kernel may have outstanding; the kernel's own default of 12 would throttle
 *     readers that wait for a network
 */
public record FuseOptions(int threads, int maxReadBytes, int maxBackground) {
    private static final int PAGE = 4096;
    private static final int MAX_PAGES = 256;

    public FuseOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("no threads: " + threads);
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
        return new FuseOptions(Math.max(2, Math.min(4, processors)), MAX_PAGES * PAGE, 1024);
    }

    int maxPages() {
        return maxReadBytes / PAGE;
    }
}
