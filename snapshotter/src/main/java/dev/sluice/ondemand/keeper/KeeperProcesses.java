package dev.sluice.ondemand.keeper;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.linux.Errno;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.ProcessFile;
import dev.sluice.linux.Processes;
import dev.sluice.ondemand.keeper.KeeperRecord.Identity;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and finds the processes that hold files of one root directory. Each is a {@code sleep infinity} whose environment says what
 * it holds, so that one is understood even if nobody had the time to record it.
 */
final class KeeperProcesses {
    private static final Logger log = LoggerFactory.getLogger(KeeperProcesses.class);

    private static final Path PROC = Path.of("/proc");
    private static final List<Path> SLEEP = List.of(Path.of("/usr/bin/sleep"), Path.of("/bin/sleep"));

    /**
     * When the machine is shut down, systemd asks all processes of root to end but those whose name begins so, as
     * https://systemd.io/ROOT_STORAGE_DAEMONS describes: containers that take their time would go on reading without us. What stands
     * behind the last slash is what programs with many names go by.
     */
    private static final String NAME = "@/sleep";

    private static final String SECRET = "SLUICE_KEEPER";
    /** For people who wonder what this process is. */
    private static final String ROOT = "SLUICE_KEEPER_ROOT";

    private static final String SEQUENCE = "SLUICE_KEEPER_SEQUENCE";
    /** With a number behind it: the kernel takes 128 KiB in one string. */
    private static final String NAMES = "SLUICE_KEEPER_FILES_";

    private static final int NAMES_PER_VARIABLE = 500;

    private final Processes processes;
    private final Path program;
    private final Path root;
    private final String secret;

    /** @throws IOException if this machine has no {@code sleep} */
    KeeperProcesses(Linux linux, Path root, String secret) throws IOException {
        this.processes = linux.processes();
        this.program = SLEEP.stream()
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IOException("there is no " + SLEEP.get(0)));
        this.root = root;
        this.secret = secret;
    }

    /** @param files by name; stay the caller's */
    KeeperProcess start(long sequence, Map<String, LinuxFile> files) throws IOException {
        Map<LinuxFile, String> nameOf = new HashMap<>();
        files.forEach((name, file) -> nameOf.put(file, name));
        List<LinuxFile> inherited = Processes.inherited(List.copyOf(files.values()));
        List<String> names = inherited.stream().map(nameOf::get).toList();
        ProcessFile process =
                processes.spawn(program, List.of(NAME, "infinity"), environment(sequence, names), inherited);
        return new KeeperProcess(process, sequence, names);
    }

    private List<String> environment(long sequence, List<String> names) {
        List<String> environment =
                new ArrayList<>(List.of(SECRET + "=" + secret, ROOT + "=" + root, SEQUENCE + "=" + sequence));
        for (int i = 0; i < names.size(); i += NAMES_PER_VARIABLE) {
            List<String> some = names.subList(i, Math.min(names.size(), i + NAMES_PER_VARIABLE));
            environment.add(NAMES + i / NAMES_PER_VARIABLE + "=" + String.join(":", some));
        }
        return environment;
    }

    /** The recorded process, if it is still the one. */
    Optional<KeeperProcess> find(Identity identity) throws IOException {
        return open(identity.pid(), Optional.of(identity));
    }

    /**
     * All of this directory, but for one. The environment is read of processes that run our program only: reading it waits while a process has its
     * memory locked, and one that waits for us to serve a page may have.
     *
     * @param known number of a process that is left out; 0 for none
     */
    List<KeeperProcess> findAllBut(int known) throws IOException {
        List<KeeperProcess> found = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(PROC, "[0-9]*")) {
            for (Path directory : all) {
                int pid = Integer.parseInt(directory.getFileName().toString());
                if (pid != known && runsOurProgram(directory)) {
                    open(pid, Optional.empty()).ifPresent(found::add);
                }
            }
        }
        return found;
    }

    private boolean runsOurProgram(Path directory) {
        try {
            return Files.isSameFile(directory.resolve("exe"), program);
        } catch (IOException e) {
            log.trace("{} has ended, or is the kernel's", directory, e);
            return false;
        }
    }

    /** The number is looked at again while the process is held: it may have become another one's. */
    private Optional<KeeperProcess> open(int pid, Optional<Identity> expected) throws IOException {
        ProcessFile process;
        try {
            process = processes.open(pid);
        } catch (LinuxException e) {
            if (e.is(Errno.ESRCH)) {
                return Optional.empty();
            }
            throw e;
        }
        Optional<KeeperProcess> keeper = Optional.empty();
        try {
            if (expected.isEmpty() || Identity.of(pid).equals(expected)) {
                keeper = describe(process);
            }
            return keeper;
        } finally {
            if (keeper.isEmpty()) {
                process.close();
            }
        }
    }

    private Optional<KeeperProcess> describe(ProcessFile process) throws IOException {
        Map<String, String> environment;
        try {
            environment = environment(process.pid());
        } catch (IOException e) {
            log.debug("Process {} has ended", process.pid(), e);
            return Optional.empty();
        }
        if (!secret.equals(environment.get(SECRET)) || process.hasEnded()) {
            return Optional.empty();
        }
        List<String> names = new ArrayList<>();
        String some = environment.get(NAMES + 0);
        for (int i = 1; some != null; i++) {
            names.addAll(List.of(some.split(":", -1)));
            some = environment.get(NAMES + i);
        }
        return Optional.of(new KeeperProcess(process, Long.parseLong(environment.getOrDefault(SEQUENCE, "0")), names));
    }

    private static Map<String, String> environment(int pid) throws IOException {
        String all = new String(Files.readAllBytes(PROC.resolve(pid + "/environ")), UTF_8);
        Map<String, String> result = new HashMap<>();
        for (String variable : all.split("\0", -1)) {
            int equals = variable.indexOf('=');
            if (equals > 0) {
                result.put(variable.substring(0, equals), variable.substring(equals + 1));
            }
        }
        return result;
    }
}
