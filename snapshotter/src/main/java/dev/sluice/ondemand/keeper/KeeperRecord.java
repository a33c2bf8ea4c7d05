package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * What a root directory remembers of its keeper: three lines of text.
 *
 * @param secret 32 hexadecimal digits in the environment of every keeper of this directory, which no other process knows
 * @param process the current one; empty if nothing is kept
 */
record KeeperRecord(String secret, Optional<Identity> process) {
    private static final String MAGIC = "sluice keeper 1";
    private static final int SECRET_BYTES = 16;

    /**
     * Tells a process from all that have its number later.
     *
     * @param startTime clock ticks from the start of the kernel to that of the process, {@code proc_pid_stat(5)}
     */
    record Identity(int pid, long startTime) {
        /** Of a running process; empty if there is none of this number. */
        static Optional<Identity> of(int pid) throws IOException {
            try {
                String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
                // The name in parentheses may contain anything; the third field follows it.
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
                return Optional.of(new Identity(pid, Long.parseLong(fields[22 - 3])));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }
    }

    /** Of a directory that has had no keeper. */
    static KeeperRecord fresh() {
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        return new KeeperRecord(HexFormat.of().formatHex(secret), Optional.empty());
    }

    /**
     * @return empty if there is no such file
     * @throws IOException if it is damaged; then somebody may hold files that are not found any more
     */
    static Optional<KeeperRecord> read(Path file) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(file, UTF_8);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        if (lines.size() != 3
                || !lines.get(0).equals(MAGIC)
                || !lines.get(1).matches("secret [0-9a-f]{32}")
                || !lines.get(2).matches("process ([0-9]{1,9} [0-9]{1,18}|none)")) {
            throw new IOException(
                    file + " is damaged or of another version; if no container of Sluice runs, delete it");
        }
        String[] process = lines.get(2).split(" ", -1);
        return Optional.of(new KeeperRecord(
                lines.get(1).substring("secret ".length()),
                process.length < 3
                        ? Optional.empty()
                        : Optional.of(new Identity(Integer.parseInt(process[1]), Long.parseLong(process[2])))));
    }

    KeeperRecord with(Optional<Identity> current) {
        return new KeeperRecord(secret, current);
    }

    /** Replaces the file in one step. It need not outlive a crash of the machine, which no keeper does. */
    void write(Path file) throws IOException {
        String text = process.map(identity -> identity.pid() + " " + identity.startTime())
                .orElse("none");
        Path unborn = file.resolveSibling(file.getFileName() + ".new");
        Files.writeString(unborn, MAGIC + "\nsecret " + secret + "\nprocess " + text + "\n");
        Files.move(unborn, file, StandardCopyOption.ATOMIC_MOVE);
    }
}
