package dev.sluice.layer.toc;

/**
 * How much of a foreign table of contents is taken.
 *
 * @param compressed most bytes of the compressed table of contents
 * @param json most bytes of the table of contents
 * @param entries most entries, chunks included; also the most names in the tree, directories without an entry included
 * @param bytes most characters of all paths and link targets and bytes of all extended attributes together
 */
public record TocLimits(long compressed, long json, int entries, long bytes) {
    private static final int MAX_ENTRIES = 2_000_000;
    private static final long MAX_BYTES = 256L << 20;
    /** What an entry with a path of 70 bytes and one chunk was measured to cost while it is read. */
    private static final int HEAP_PER_ENTRY = 640;

    /**
     * As much as fits a heap: a million ordinary entries need 70 MiB compressed, 500 MiB of JSON and 610 MiB of heap. A layer with
     * more is refused rather than that memory runs out.
     *
     * @param heap in bytes
     */
    public static TocLimits forHeap(long heap) {
        return new TocLimits(
                512L << 20,
                1L << 30,
                (int) Math.min(MAX_ENTRIES, heap / HEAP_PER_ENTRY),
                Math.min(MAX_BYTES, heap / 4));
    }
}
