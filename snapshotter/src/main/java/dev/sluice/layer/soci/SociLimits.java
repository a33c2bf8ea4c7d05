package dev.sluice.layer.soci;

/**
 * How much of a foreign ztoc is taken.
 *
 * @param entries most names in the tree, directories without an entry included; also the most entries
 * @param names most characters of all paths and link targets and bytes of all extended attributes together
 * @param device most bytes of the data device
 */
public record SociLimits(int entries, long names, long device) {
    public SociLimits {
        if (entries < 0 || names < 0 || device < 0) {
            throw new IllegalArgumentException("a limit is negative");
        }
    }
}
