package dev.sluice.e2e.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** What processes have used of the machine's processors, from {@code /proc}. */
final class ProcessorTime {
    private static final long NANOS_PER_TICK = 10_000_000;
    private static final int USER_TIME = 11;

    private ProcessorTime() {}

    /** User and system time of a process and of its children that have ended. */
    static Duration of(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        long ticks = 0;
        for (int i = USER_TIME; i < USER_TIME + 4; i++) {
            ticks += Long.parseLong(fields[i]);
        }
        return Duration.ofNanos(ticks * NANOS_PER_TICK);
    }

    /** Of the whole machine but for waiting. */
    static Duration ofMachine() throws IOException {
        String[] fields =
                Files.readAllLines(Path.of("/proc/stat")).get(0).trim().split(" +", -1);
        long ticks = 0;
        for (int i = 1; i < fields.length; i++) {
            // Idle, waiting for I/O, and guests, which count as user time already.
            if (i != 4 && i != 5 && i < 9) {
                ticks += Long.parseLong(fields[i]);
            }
        }
        return Duration.ofNanos(ticks * NANOS_PER_TICK);
    }
}
