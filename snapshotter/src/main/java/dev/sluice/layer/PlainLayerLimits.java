package dev.sluice.layer;

/**
 * How much of a foreign layer without a table of contents, or of its index, is taken.
 *
 * @param entries most names in the tree, directories without an entry included; also the most pieces of which all files consist
 * @param names most characters of all paths and link targets and bytes of all extended attributes together
 * @param metadata most bytes of a layer that are not contents of files
 * @param index most bytes of the index, its metadata compressed
 * @param device most bytes of the data device: a sparse file costs its layer nothing
 */
public record PlainLayerLimits(int entries, long names, long metadata, long index, long device) {
    private static final int MAX_ENTRIES = 2_000_000;
    private static final long MAX_NAMES = 256L << 20;
    private static final long MAX_METADATA = 4L << 30;
    private static final long MAX_INDEX = 1L << 30;
    private static final long MAX_DEVICE = 1L << 40;
    /** As for the entries of eStargz, to whose tree this one is alike. */
    private static final int HEAP_PER_ENTRY = 640;

    public PlainLayerLimits {
        if (entries < 0 || names < 0 || metadata < 0 || index < 0 || index > Integer.MAX_VALUE || device < 0) {
            throw new IllegalArgumentException("a limit is negative or too large");
        }
    }

    /**
     * As much as fits a heap. A layer with more is refused rather than that memory runs out.
     *
     * @param heap in bytes
     */
    public static PlainLayerLimits forHeap(long heap) {
        return new PlainLayerLimits(
                (int) Math.min(MAX_ENTRIES, heap / HEAP_PER_ENTRY),
                Math.min(MAX_NAMES, heap / 4),
                MAX_METADATA,
                Math.min(MAX_INDEX, heap / 4),
                MAX_DEVICE);
    }
}
