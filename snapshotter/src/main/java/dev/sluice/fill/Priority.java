package dev.sluice.fill;

/** Who waits for a fill. Earlier constants go first. */
public enum Priority {
    /** A process waits in a read. */
    DEMAND,
    /** Something is likely to be read soon. */
    PREFETCH,
    /** Nobody waits: completing a layer in the background. */
    BACKGROUND
}
