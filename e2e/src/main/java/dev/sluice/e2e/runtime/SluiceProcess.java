package dev.sluice.e2e.runtime;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** A private Sluice daemon, started from the built distribution. */
public final class SluiceProcess implements AutoCloseable {

    /** Name under which containerd knows it. */
    public static final String NAME = "sluice";

    /** How a keeper stands in its record. */
    private static final Pattern KEEPER = Pattern.compile("process ([0-9]+) [0-9]+");

    private static final Duration KEEPER_END = Duration.ofMinutes(1);

    private final Settings settings;
    private ServiceProcess process;

    private SluiceProcess(Settings settings, ServiceProcess process) {
        this.settings = settings;
        this.process = process;
    }

    /** Starts the daemon and waits for its sockets. */
    public static SluiceProcess start(Settings settings) throws IOException {
        Files.createDirectories(settings.directory());
        Files.writeString(settings.configFile(), settings.configuration());
        SluiceProcess sluice = new SluiceProcess(settings, launch(settings));
        try {
            sluice.awaitReady();
        } catch (IOException e) {
            sluice.close();
            throw e;
        }
        return sluice;
    }

    private static ServiceProcess launch(Settings settings) throws IOException {
        Files.deleteIfExists(settings.socket());
        Files.deleteIfExists(settings.adminSocket());
        return ServiceProcess.start(
                "sluice", settings.commandLine(), Map.of(), settings.directory().resolve("log"));
    }

    private void awaitReady() throws IOException {
        process.awaitReady(() -> Files.exists(settings.socket()) && Files.exists(settings.adminSocket()));
    }

    /** How it was started. */
    public Settings settings() {
        return settings;
    }

    public Path log() {
        return process.log();
    }

    public long pid() {
        return process.pid();
    }

    /** What {@code sluice status --json} says. */
    public JsonNode status() throws IOException {
        return new ObjectMapper()
                .readTree(Command.of(
                                settings.distribution().resolve("bin/sluice").toString(),
                                "status",
                                "--json",
                                "--root",
                                settings.root().toString())
                        .run()
                        .stdout());
    }

    /** Ends the daemon at once, as a crash would. */
    public void kill() throws IOException {
        process.kill();
    }

    /** Ends the daemon as a service manager does. */
    public void stop() throws IOException {
        process.close();
    }

    /** Starts the daemon again, on the same state, after its end. */
    public void restart() throws IOException {
        process.close();
        process = launch(settings);
        awaitReady();
    }

    /**
     * Like {@link #restart()}, with another configuration.
     *
     * @param configuration contents of its configuration file
     */
    public void restart(String configuration) throws IOException {
        Files.writeString(settings.configFile(), configuration);
        restart();
    }

    @Override
    public void close() throws IOException {
        try {
            process.close();
        } finally {
            endKeeper();
        }
    }

    /** Ends the process that holds the daemon's kernel files and outlives it on purpose. Waits until it has let them go. */
    public void endKeeper() throws IOException {
        Path record = settings.root().resolve("keeper");
        if (!Files.exists(record)) {
            return;
        }
        for (String line : Files.readAllLines(record)) {
            Matcher matcher = KEEPER.matcher(line);
            if (matcher.matches()) {
                Optional<ProcessHandle> keeper = ProcessHandle.of(Long.parseLong(matcher.group(1)))
                        .filter(process -> process.info().command().orElse("").endsWith("sleep"));
                if (keeper.isPresent()
                        && keeper.get().destroyForcibly()
                        && !Poll.until(KEEPER_END, () -> hasNoFiles(keeper.get().pid()))) {
                    throw new IOException(
                            "Tried to end the keeper " + keeper.get().pid() + " but failed");
                }
            }
        }
    }

    /** Also true of a process that has ended and that nobody has waited for yet. */
    private static boolean hasNoFiles(long pid) {
        String[] files = Path.of("/proc", Long.toString(pid), "fd").toFile().list();
        return files == null || files.length == 0;
    }

    /**
     * How to start a daemon.
     *
     * @param distribution the directory that holds {@code bin/sluice}
     * @param directory for all its files; short, since unix sockets lie in it
     * @param containerdSocket containerd's gRPC socket, which need not exist yet
     * @param backend the on-demand backend, or {@code auto}: the one that the environment variable {@code SLUICE_BACKEND} names, else the
     *     daemon's choice
     * @param configuration contents of its configuration file
     */
    public record Settings(
            Path distribution, Path directory, Path containerdSocket, String backend, String configuration) {
        private static final String AUTO = "auto";

        public Settings {
            if (backend.equals(AUTO)) {
                backend = Optional.ofNullable(System.getenv("SLUICE_BACKEND")).orElse(AUTO);
            }
        }

        /**
         * Configuration of a daemon that waits for layers to become lazy, however slow and busy the machine may be, and fetches nothing
         * that nobody reads.
         */
        public static final String PATIENT = "prepare_timeout = \"5m\"\nbackground_rate = \"0B\"\n";

        /** {@link #PATIENT} configuration for registries that speak plain HTTP, as {@code host:port}. */
        public static String plainHttp(List<String> hosts) {
            return hosts.stream()
                    .collect(Collectors.joining("\", \"", PATIENT + "[registry]\nplain_http_hosts = [\"", "\"]\n"));
        }

        /** The socket that containerd talks to. */
        public Path socket() {
            return directory.resolve("s");
        }

        /** The socket of the admin service. */
        public Path adminSocket() {
            return directory.resolve("a");
        }

        /** The directory that the daemon keeps everything in. */
        public Path root() {
            return directory.resolve("root");
        }

        Path configFile() {
            return directory.resolve("config.toml");
        }

        List<String> commandLine() {
            return List.of(
                    distribution.resolve("bin/sluice").toString(),
                    "daemon",
                    "--config",
                    configFile().toString(),
                    "--root",
                    root().toString(),
                    "--address",
                    socket().toString(),
                    "--containerd",
                    containerdSocket.toString(),
                    "--backend",
                    backend,
                    "--admin",
                    adminSocket().toString());
        }
    }
}
