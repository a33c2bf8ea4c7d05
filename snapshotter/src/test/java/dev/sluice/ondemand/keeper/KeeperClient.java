package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.OpenFlags;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.keeper.ProcessKeeper.Step;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A process that has a keeper and does with it what it is told: a line of input is a command, a line of output its result. To be killed
 * and started again.
 */
final class KeeperClient {
    static final int CAPACITY = 3;

    private final Linux linux = Linux.load();
    private final Keeper keeper;
    private Optional<Step> last = Optional.empty();

    private KeeperClient(String[] arguments) throws IOException {
        keeper = arguments.length == 0
                ? FdStoreKeeper.open(
                        linux,
                        manager(),
                        System.getenv(),
                        ProcessHandle.current().pid(),
                        CAPACITY)
                : ProcessKeeper.open(linux, Path.of(arguments[0]), this::haltAt);
    }

    /** @param arguments the root directory of a {@link ProcessKeeper}; without, it is an {@link FdStoreKeeper} */
    public static void main(String[] arguments) throws IOException {
        KeeperClient client = new KeeperClient(arguments);
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, UTF_8));
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            String result;
            try {
                result = client.run(line.split(" ", -1));
            } catch (IOException | RuntimeException e) {
                result = "failed: " + e.getMessage();
            }
            System.out.println(result);
        }
    }

    private String run(String[] words) throws IOException {
        switch (words[0]) {
            case "keep" -> {
                try (LinuxFile file = open(words[2])) {
                    keeper.keep(words[1], file);
                }
            }
            // What a keep() leaves behind that is killed before it lets the old file go.
            case "store" -> {
                try (LinuxFile file = open(words[2])) {
                    manager().store(words[1], file);
                }
            }
            case "take" -> {
                return take(words[1]);
            }
            case "forget" -> keeper.forget(words[1]);
            case "ready" -> manager().ready();
            case "stopping" -> manager().stopping();
            case "die-at" -> last = Optional.of(Step.valueOf(words[1]));
            case "where" -> {
                return keeper.toString();
            }
            default -> throw new IllegalArgumentException(words[0]);
        }
        return "done";
    }

    private NotifySocket manager() {
        return NotifySocket.of(linux, System.getenv()).orElseThrow();
    }

    /** As a kill at this instruction. */
    private void haltAt(Step step) {
        if (last.equals(Optional.of(step))) {
            Runtime.getRuntime().halt(137);
        }
    }

    private String take(String name) throws IOException {
        Optional<LinuxFile> taken = keeper.take(name);
        if (taken.isEmpty()) {
            return "nothing";
        }
        try (LinuxFile file = taken.get()) {
            ByteBuffer contents = ByteBuffer.allocateDirect(100);
            file.read(contents, 0);
            return UTF_8.decode(contents.flip()) + (isCloseOnExec(file) ? "" : ", inherited by children");
        }
    }

    /** {@code flags} of {@code /proc/PID/fdinfo/N} are octal, and O_CLOEXEC stands for the descriptor's flag. */
    private static boolean isCloseOnExec(LinuxFile file) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/fdinfo/" + file.fd()))) {
            if (line.startsWith("flags:")) {
                long flags = Long.parseLong(line.substring("flags:".length()).strip(), 8);
                return (flags & OpenFlags.O_CLOEXEC) != 0;
            }
        }
        throw new IOException("no flags");
    }

    private LinuxFile open(String path) throws IOException {
        return linux.open(Path.of(path), OpenFlags.O_RDWR, 0);
    }
}
