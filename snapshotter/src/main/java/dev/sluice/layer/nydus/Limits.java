package dev.sluice.layer.nydus;

/**
 * How much of a foreign image is taken.
 *
 * @param bootstrap most bytes of a bootstrap, at most 2 GiB
 * @param layer most bytes of a bootstrap layer, compressed, and of the tar in it; also of a blob that holds only metadata
 * @param entries most names in the tree
 * @param bytes most characters of all paths and link targets and bytes of all extended attributes together
 */
record Limits(int bootstrap, long layer, int entries, long bytes) {
    private static final int MAX_BOOTSTRAP = 512 << 20;
    private static final int MAX_ENTRIES = 2_000_000;
    private static final long MAX_BYTES = 256L << 20;
    /** An entry takes 50 to 150 bytes of a bootstrap, and on the heap as much as in any other format. */
    private static final int HEAP_PER_ENTRY = 640;

    /** @param heap in bytes */
    static Limits forHeap(long heap) {
        int bootstrap = (int) Math.min(MAX_BOOTSTRAP, heap / 16);
        return new Limits(
                bootstrap,
                4L * bootstrap,
                (int) Math.min(MAX_ENTRIES, heap / HEAP_PER_ENTRY),
                Math.min(MAX_BYTES, heap / 4));
    }
}
