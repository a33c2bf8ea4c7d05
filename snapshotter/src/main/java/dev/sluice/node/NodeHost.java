package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The host: its files below a directory, and its programs, which see it as it is. Immutable.
 *
 * @param root absolute; {@code /} for the machine that this process runs on
 */
public record NodeHost(Path root) {
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int MAX_OUTPUT = 64 << 10;

    public NodeHost {
        requireNonNull(root, "root is null");
        if (!root.isAbsolute()) {
            throw new IllegalArgumentException("root is not absolute");
        }
    }

    /** What a program came to, and all that it printed. */
    record Outcome(int status, String output) {}

    /**
     * Where a file of the host is here. Symbolic links to absolute paths on the way would be followed to our own files; there are none where
     * Sluice keeps its own.
     *
     * @param path absolute, as the host sees it
     */
    Path file(String path) {
        return root.resolve(path.substring(1));
    }

    /** Whether there is anything, be it a link to nowhere. */
    boolean has(String path) {
        return Files.exists(file(path), LinkOption.NOFOLLOW_LINKS);
    }

    /** @throws IOException if systemd is not what runs the host */
    void requireSystemd() throws IOException {
        if (!Files.isDirectory(file("/run/systemd/system"))) {
            throw new IOException(
                    "the host is not run by systemd, so nothing can be installed onto it as a service: take the"
                            + " overlay in which the daemon runs in the pod");
        }
    }

    /** Runs {@code systemctl} of the host, and insists on its success. */
    String systemctl(String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of("systemctl"));
        line.addAll(List.of(arguments));
        return run(line);
    }

    /**
     * Runs a program of the host as root of it, and insists on its success.
     *
     * @return what it printed
     * @throws IOException if it cannot be run or fails; the message quotes what it said
     */
    String run(List<String> line) throws IOException {
        Outcome outcome = runForOutcome(line);
        if (outcome.status() != 0) {
            throw new IOException("Tried to run `" + String.join(" ", line) + "` on the host but failed because: "
                    + (outcome.output().isBlank()
                            ? "it ended with status " + outcome.status()
                            : outcome.output().strip()));
        }
        return outcome.output();
    }

    /** The same, whatever comes of it. */
    Outcome runForOutcome(List<String> line) throws IOException {
        List<String> whole = new ArrayList<>();
        if (root.getNameCount() > 0) {
            whole.addAll(List.of("chroot", root.toString()));
        }
        whole.addAll(line);
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.redirectErrorStream(true);
        builder.redirectInput(Path.of("/dev/null").toFile());
        // What this container was started with is not the host's; and here is a chroot that is meant.
        builder.environment().clear();
        builder.environment().put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        builder.environment().put("LANG", "C.UTF-8");
        builder.environment().put("SYSTEMD_IGNORE_CHROOT", "1");
        Process process = builder.start();
        try {
            byte[] output = process.getInputStream().readNBytes(MAX_OUTPUT);
            if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IOException("Tried to run `" + String.join(" ", line)
                        + "` on the host but failed because: it did not end within " + PATIENCE.toMinutes()
                        + " minutes");
            }
            return new Outcome(process.exitValue(), new String(output, StandardCharsets.UTF_8));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } finally {
            process.destroyForcibly();
        }
    }
}
