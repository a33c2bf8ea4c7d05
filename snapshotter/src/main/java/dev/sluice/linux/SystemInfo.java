package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;

/** What {@code /proc} says of this machine. Needs no system call of our own. */
public final class SystemInfo {
    private static final String PENDING_SIGNALS = "SigPnd:";
    private static final long SIGKILL_BIT = 1L << (9 - 1);

    private SystemInfo() {}

    /** The running kernel. */
    public static KernelVersion kernel() throws IOException {
        return KernelVersion.parse(line(Path.of("/proc/sys/kernel/osrelease")));
    }

    /** An identifier that is new after each boot of the kernel. */
    public static String bootId() throws IOException {
        return line(Path.of("/proc/sys/kernel/random/boot_id"));
    }

    /**
     * Whether a thread of any process is about to die: the kernel puts SIGKILL into the pending signals of every thread of a process
     * that gets a fatal signal. False if there is no such thread.
     *
     * @param thread its id; of a process's first thread, the process's id
     */
    public static boolean isBeingKilled(int thread) throws IOException {
        List<String> status;
        try {
            status = Files.readAllLines(Path.of("/proc/" + thread + "/status"), ISO_8859_1);
        } catch (NoSuchFileException e) {
            return false;
        }
        for (String line : status) {
            if (line.startsWith(PENDING_SIGNALS)) {
                long pending = Long.parseUnsignedLong(
                        line.substring(PENDING_SIGNALS.length()).strip(), 16);
                return (pending & SIGKILL_BIT) != 0;
            }
        }
        return false;
    }

    private static String line(Path path) throws IOException {
        return Files.readString(path).strip();
    }
}
