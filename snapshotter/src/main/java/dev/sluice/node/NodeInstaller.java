package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import dev.sluice.containerd.ContainerdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code sluice node install}: puts Sluice onto the host as a service, or brings what is there up to date. What is as it should be is left
 * alone; running containers never notice.
 */
public final class NodeInstaller {
    /** Is there from the first change to the restart that it needs. */
    private static final String RESTART = HostDistribution.VERSIONS + "/restart";

    private final Settings settings;
    private final Consumer<String> log;
    private final NodeHost host;
    private final HostDistribution distribution;

    /**
     * What to install.
     *
     * @param distribution directory with {@code bin/sluice}
     * @param configuration what becomes {@code /etc/sluice/config.toml}; empty for the defaults
     * @param cri whether kubelet's images are to be Sluice's
     * @param restartContainerd whether to restart containerd if its configuration has changed
     */
    public record Settings(
            NodeHost host, Path distribution, Optional<Path> configuration, boolean cri, boolean restartContainerd) {
        public Settings {
            requireNonNull(host, "host is null");
            requireNonNull(distribution, "distribution is null");
            requireNonNull(configuration, "configuration is null");
        }
    }

    /** @param log what is done, one sentence each */
    public NodeInstaller(Settings settings, Consumer<String> log) {
        this.settings = settings;
        this.log = log;
        this.host = settings.host();
        this.distribution = new HostDistribution(host);
    }

    /** @throws IOException if something could not be done; the message says what, and the next try goes on from there */
    public void install() throws IOException {
        host.requireSystemd();
        distribution.requireOurs();
        for (String path : HostLayout.FILES) {
            new HostFile(host, path).requireOurs();
        }
        if (host.has(HostLayout.REMOVAL_UNIT)) {
            throw new IOException("Sluice is being removed from this host: `systemctl status " + HostLayout.REMOVAL
                    + "` there says what it waits for");
        }
        Optional<String> before = distribution.current();
        String version = distribution.add(settings.distribution());
        archiveClasses(version);
        Path pending = host.file(RESTART);
        boolean interrupted = Files.exists(pending);
        if (!interrupted) {
            // What is changed below counts only after a restart, whoever does it.
            Files.createFile(pending);
        }
        boolean configured = new HostFile(host, HostLayout.CONFIGURATION).write(configuration());
        boolean units = writeUnits();
        boolean switched = distribution.use(version);
        if (switched) {
            log.accept("Sluice is in " + HostDistribution.VERSIONS + "/" + version);
        }
        startService(interrupted || configured || units || switched);
        Files.delete(pending);
        configureContainerd();
        List<String> kept = new ArrayList<>(List.of(version));
        // Somebody may have started a `sluice mount` from it.
        before.ifPresent(kept::add);
        distribution.keepOnly(kept);
    }

    /** Before the daemon is stopped: readers would wait for it. */
    private void archiveClasses(String version) {
        Optional<String> problem;
        try {
            problem = distribution.archiveClasses(version);
        } catch (IOException e) {
            problem = Optional.of(String.valueOf(e.getMessage()));
        }
        problem.ifPresent(
                reason -> log.accept("Sluice starts slower, since there is no archive of its classes: " + reason));
    }

    private String configuration() throws IOException {
        return settings.configuration().isPresent()
                ? Files.readString(settings.configuration().get())
                : "";
    }

    private boolean writeUnits() throws IOException {
        Path etc = settings.distribution().resolve("etc");
        boolean changed = new HostFile(host, HostLayout.UNIT)
                .write(Files.readString(etc.resolve("systemd").resolve(HostLayout.SERVICE)));
        // Where there is none, no udev looks for file systems on loop devices.
        HostFile rules = new HostFile(host, HostLayout.UDEV_RULES);
        if (Files.isDirectory(host.file(HostLayout.UDEV_RULES).resolveSibling("."))) {
            var unused = rules.write(Files.readString(etc.resolve("udev/59-sluice.rules")));
        }
        return changed;
    }

    private void startService(boolean changed) throws IOException {
        host.systemctl("daemon-reload");
        host.systemctl("enable", "--quiet", HostLayout.SERVICE);
        try {
            host.systemctl(changed ? "restart" : "start", HostLayout.SERVICE);
        } catch (IOException e) {
            throw new IOException(e.getMessage() + " The service said: " + lastWords(), e);
        }
        log.accept(HostLayout.SERVICE + (changed ? " was started with what has changed" : " runs, as it should"));
    }

    private String lastWords() throws IOException {
        return host.runForOutcome(List.of(
                        "journalctl", "--no-pager", "--output=cat", "--lines=5", "--unit=" + HostLayout.SERVICE))
                .output()
                .strip();
    }

    private void configureContainerd() throws IOException {
        List<String> line = new ArrayList<>(List.of(HostDistribution.LINK + "/bin/sluice", "install", "--yes"));
        if (settings.cri()) {
            line.add("--cri");
        }
        if (settings.restartContainerd()) {
            line.add("--restart-containerd");
        }
        host.run(line).lines().filter(text -> !text.isBlank()).forEach(log);
        try (ContainerdClient containerd = new ContainerdClient(host.file(HostLayout.CONTAINERD))) {
            // An earlier try may have written the configuration and got no further.
            if (settings.restartContainerd() && !new ContainerdUse(containerd).isKnown()) {
                host.systemctl("restart", "containerd.service");
                log.accept("containerd was restarted, since it did not know Sluice yet");
            }
        }
    }
}
