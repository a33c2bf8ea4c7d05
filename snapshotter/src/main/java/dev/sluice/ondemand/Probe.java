package dev.sluice.ondemand;

/** Finds out by trying whether this machine can do something. */
public interface Probe {
    /** What is tried, in a few words. */
    String name();

    /** Tries it, and leaves nothing behind. Blocks for a bounded time; what goes wrong is the result's reason. */
    ProbeResult run();
}
