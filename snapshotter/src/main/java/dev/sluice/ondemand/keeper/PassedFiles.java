package dev.sluice.ondemand.keeper;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The open files that a service manager started us with, by the protocol of {@code sd_listen_fds(3)}. */
final class PassedFiles {
    static final String PID = "LISTEN_PID";
    static final String COUNT = "LISTEN_FDS";
    static final String NAMES = "LISTEN_FDNAMES";

    /** {@code SD_LISTEN_FDS_START}. */
    private static final int FIRST = 3;
    /** More than any limit of open files; only so that the sum cannot overflow. */
    private static final int MOST = 1 << 20;

    private PassedFiles() {}

    /**
     * A file that somebody gave a name.
     *
     * @param name {@code unknown} if it had none
     */
    record Named(String name, LinuxFile file) {}

    /**
     * Takes them over and makes them close-on-exec. To be called once in the life of a process.
     *
     * @param environment of this process
     * @param pid of this process; files for another one, which we have inherited, are not ours
     * @return in the order of their numbers
     * @throws IOException if what the environment says is not so
     */
    static List<Named> take(Linux linux, Map<String, String> environment, long pid) throws IOException {
        if (!environment.getOrDefault(PID, "").equals(Long.toString(pid))) {
            return List.of();
        }
        int count = count(environment.getOrDefault(COUNT, "0"));
        String names = environment.getOrDefault(NAMES, "");
        List<String> split = names.isEmpty() ? List.of() : List.of(names.split(":", -1));
        List<Named> result = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = i < split.size() ? split.get(i) : "unknown";
            LinuxFile file = linux.adopt(FIRST + i, "kept file " + name);
            file.setCloseOnExec();
            result.add(new Named(name, file));
        }
        return result;
    }

    private static int count(String text) throws IOException {
        try {
            int count = Integer.parseInt(text);
            if (count >= 0 && count <= MOST) {
                return count;
            }
        } catch (NumberFormatException e) {
            throw new IOException(COUNT + " is no number: " + text, e);
        }
        throw new IOException(COUNT + " is " + text);
    }
}
