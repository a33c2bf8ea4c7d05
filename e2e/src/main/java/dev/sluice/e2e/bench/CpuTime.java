package dev.sluice.e2e.bench;

import java.lang.management.ManagementFactory;

/** Processor time: what others do on the machine does not count. */
final class CpuTime {
    private CpuTime() {}

    /** Of the calling thread, in nanoseconds. */
    static long ofThread() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
