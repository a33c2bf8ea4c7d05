package dev.sluice.ondemand;

/**
 * What the kernel has asked a backend for since it was started.
 *
 * @param reads that reached us; those that the kernel answers by itself do not
 * @param failed of these, answered with an error
 * @param waiting of these, not answered yet
 */
public record ReadStatistics(long reads, long failed, long waiting) {}
