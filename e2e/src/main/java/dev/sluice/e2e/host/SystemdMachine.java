package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A Debian that systemd runs as process 1, in namespaces of its own: all but the network, which is this machine's. It has a disk, so it can
 * be powered off and booted again. Closing it ends all its processes at once, with it everything that it has mounted goes. Not
 * thread-safe, but for {@link #command}.
 */
public final class SystemdMachine implements AutoCloseable {
    /** What it says of itself then; some unit may have failed. */
    private static final Set<String> BOOTED = Set.of("running", "degraded");

    private final Settings settings;
    private ServiceProcess process;
    private ProcessHandle init;

    /** Which control groups it sees. */
    public enum Cgroups {
        /** Version 2 alone, as on Debian 12. */
        UNIFIED,
        /** Controllers of version 1, and version 2 without any. */
        HYBRID
    }

    /**
     * What it is made of.
     *
     * @param boot the script {@code e2e/tools/systemd/boot}
     * @param root file system, which is not changed
     * @param disk a directory of this machine for what is written; ext4, xfs or btrfs. {@code shared} in it is {@code /shared} inside
     * @param mounts directories of this machine, by where they are mounted read-only
     */
    public record Settings(Path boot, Path root, Path disk, Cgroups cgroups, Map<Path, Path> mounts) {
        public Settings {
            mounts = Map.copyOf(mounts);
        }

        List<String> commandLine() {
            List<String> line = new ArrayList<>(List.of(
                    boot.toAbsolutePath().toString(),
                    root.toString(),
                    disk.toString(),
                    cgroups.name().toLowerCase(Locale.ROOT)));
            mounts.forEach((inside, outside) -> line.add(outside + ":" + inside));
            return line;
        }
    }

    private SystemdMachine(Settings settings, ServiceProcess process, ProcessHandle init) {
        this.settings = settings;
        this.process = process;
        this.init = init;
    }

    /** Boots it and waits until all units that are wanted have been started. */
    public static SystemdMachine boot(Settings settings) throws IOException {
        Files.createDirectories(settings.disk());
        ServiceProcess process = launch(settings);
        SystemdMachine machine = new SystemdMachine(settings, process, ProcessHandle.current());
        try {
            machine.awaitBooted();
            return machine;
        } catch (IOException e) {
            machine.close();
            throw e;
        }
    }

    private static ServiceProcess launch(Settings settings) throws IOException {
        return ServiceProcess.start(
                "systemd", settings.commandLine(), Map.of(), settings.disk().resolve("log"));
    }

    /** The script's child is unshare(1), whose child is process 1. */
    private void awaitBooted() throws IOException {
        process.awaitReady(() -> init().isPresent());
        init = init().orElseThrow();
        process.awaitReady(() ->
                init.info().command().filter(path -> path.endsWith("/systemd")).isPresent());
        process.awaitReady(() -> BOOTED.contains(command("systemctl", "is-system-running")
                .runForResult()
                .stdout()
                .strip()));
    }

    private Optional<ProcessHandle> init() {
        return ProcessHandle.of(process.pid())
                .flatMap(boot -> boot.children()
                        .flatMap(ProcessHandle::children)
                        .filter(child -> child.info()
                                .command()
                                .filter(path -> !path.endsWith("/unshare"))
                                .isPresent())
                        .findFirst());
    }

    /**
     * A command as root of that machine. It is in no unit's control group, and sees none of our environment. It must not run any more when
     * the machine is powered off, which stops it together with nsenter(1), and then waits for it.
     */
    public Command command(String... arguments) {
        return Command.of(
                        "nsenter",
                        "--all",
                        "--target",
                        Long.toString(init.pid()),
                        "env",
                        "--ignore-environment",
                        "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
                        "LANG=C.UTF-8",
                        "HOME=/root")
                .withArguments(List.of(arguments));
    }

    /** Runs a command as {@link #command} does, and insists on exit code 0. */
    public Command.Result run(String... arguments) throws IOException {
        return command(arguments).run();
    }

    /** Its root directory while it runs, as this machine can reach it. */
    public Path files() {
        return Path.of("/proc", Long.toString(init.pid()), "root");
    }

    /** Writes a file of it, with all directories above. */
    public void write(String path, String contents) throws IOException {
        Path file = files().resolve(path.substring(1));
        Files.createDirectories(file.getParent());
        Files.writeString(file, contents);
    }

    /** The directory of this machine that is {@code /shared} there. */
    public Path shared() {
        return settings.disk().resolve("shared");
    }

    /** Starts a unit, and waits until it is ready. */
    public void start(String unit) throws IOException {
        Command.Result started = command("systemctl", "start", unit).runForResult();
        if (started.exitCode() != 0) {
            throw new IOException(
                    "Tried to start " + unit + " but failed because: " + started.stderr() + journal(unit));
        }
    }

    /** What its units have said since it was booted. */
    public String journal(String unit) throws IOException {
        return run("journalctl", "--no-pager", "--output=cat", "--unit=" + unit).stdout();
    }

    /** Powers it off in good order, and waits until it is. */
    public void powerOff() throws IOException {
        run("systemctl", "poweroff");
        process.awaitExit();
    }

    /** Boots it again with what its disk has, after {@link #powerOff()}. */
    public void bootAgain() throws IOException {
        process = launch(settings);
        awaitBooted();
    }

    /** Pulls the plug. */
    @Override
    public void close() throws IOException {
        if (process.isAlive()) {
            Optional<ProcessHandle> running = init();
            if (running.isPresent()) {
                running.get().destroyForcibly();
                process.awaitExit();
            }
        }
        process.close();
    }
}
