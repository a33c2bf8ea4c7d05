package dev.sluice.layer.erofs;

/**
 * How much of a foreign image or index is taken.
 *
 * @param entries most names in the tree; also the most pieces of which all files consist
 * @param names most bytes of all paths, link targets and extended attributes together
 * @param metadata most bytes of an image that are not contents of files: they are held in memory
 * @param index most bytes of the index
 * @param device most bytes of the data device, and of the image
 */
public record ErofsLimits(int entries, long names, long metadata, long index, long device) {
    public ErofsLimits {
        if (entries < 0 || names < 0 || metadata < 0 || metadata > Integer.MAX_VALUE - 64 || index < 0 || device < 0) {
            throw new IllegalArgumentException("a limit is negative or too large");
        }
    }
}
