package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.kubernetes.KubernetesClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code sluice node gate}: looks every few seconds whether Sluice works on this node, and tells the cluster when that changes, by a label
 * and a taint of the node. Two files tell kubelet's probes: each holds the second, of Unix time, until which it counts.
 */
public final class NodeGate {
    private static final Duration BETWEEN_LOOKS = Duration.ofSeconds(5);
    /** A restart of the daemon, or of containerd, is no reason to send pods elsewhere. */
    private static final Duration GRACE = Duration.ofSeconds(20);
    /** Somebody may have changed the node meanwhile. */
    private static final Duration BETWEEN_REPORTS = Duration.ofMinutes(5);

    private static final Duration READY_FOR = Duration.ofSeconds(20);
    private static final Duration ALIVE_FOR = Duration.ofMinutes(2);

    private final Settings settings;
    private final Consumer<String> log;
    private final Optional<DaemonKubeconfig> kubeconfig;

    private Optional<String> trouble = Optional.of("it was not looked at yet");
    private Instant wellUntil;
    private Optional<Boolean> reported = Optional.empty();
    private Instant reportedAt = Instant.MIN;
    private Optional<String> reportFailure = Optional.empty();

    /**
     * What to look at.
     *
     * @param node its name in the cluster
     * @param taint whether pods are kept away while Sluice does not work
     * @param gone whether Sluice has been removed: label and taint go, and nothing is looked at
     * @param admin the daemon's admin socket
     * @param containerd its socket
     * @param directory for the files {@code alive} and {@code ready}
     * @param kubeconfig directory, the same here and on the host, in which the daemon finds this pod's service account
     */
    public record Settings(
            String node,
            boolean taint,
            boolean gone,
            Path admin,
            Path containerd,
            Path directory,
            Optional<Path> kubeconfig) {
        public Settings {
            requireNonNull(node, "node is null");
            requireNonNull(admin, "admin is null");
            requireNonNull(containerd, "containerd is null");
            requireNonNull(directory, "directory is null");
            requireNonNull(kubeconfig, "kubeconfig is null");
        }
    }

    /**
     * @param account directory of the pod's service account
     * @param server URL of the API server
     * @param log what changes, one sentence each
     */
    public NodeGate(Settings settings, Path account, String server, Consumer<String> log) {
        this.settings = settings;
        this.log = log;
        this.kubeconfig =
                settings.kubeconfig().map(directory -> new DaemonKubeconfig(account, directory, directory, server));
        this.wellUntil = Instant.now().plus(GRACE);
    }

    /** Goes on until the thread is interrupted. */
    public void run(KubernetesClient kubernetes) throws InterruptedException, IOException {
        NodeMark mark = new NodeMark(kubernetes, settings.node());
        try (ContainerdClient containerd = new ContainerdClient(settings.containerd())) {
            ContainerdUse use = new ContainerdUse(containerd);
            while (true) {
                if (kubeconfig.isPresent()) {
                    kubeconfig.get().refresh();
                }
                look(use);
                report(mark);
                write("alive", ALIVE_FOR);
                if (trouble.isEmpty() && reported.equals(Optional.of(true))) {
                    write("ready", READY_FOR);
                }
                Thread.sleep(BETWEEN_LOOKS.toMillis());
            }
        }
    }

    private void look(ContainerdUse use) {
        Optional<String> now = settings.gone() ? Optional.empty() : trouble(use);
        if (!now.equals(trouble)) {
            log.accept(now.map(reason -> "Sluice does not work on this node: " + reason)
                    .orElse(settings.gone() ? "Sluice is gone from this node" : "Sluice works on this node"));
        }
        trouble = now;
        if (now.isEmpty()) {
            wellUntil = Instant.now().plus(GRACE);
        }
    }

    private Optional<String> trouble(ContainerdUse use) {
        try {
            Optional<String> objection = Readiness.ask(settings.admin());
            if (objection.isEmpty()) {
                use.check();
            }
            return objection;
        } catch (IOException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private void report(NodeMark mark) {
        Instant now = Instant.now();
        boolean well = trouble.isEmpty();
        if (!well && now.isBefore(wellUntil)) {
            return;
        }
        if (reported.equals(Optional.of(well)) && now.isBefore(reportedAt.plus(BETWEEN_REPORTS))) {
            return;
        }
        try {
            mark.set(well && !settings.gone(), !well && settings.taint());
            if (!reported.equals(Optional.of(well))) {
                log.accept("The node " + settings.node() + " says so now");
            }
            reported = Optional.of(well);
            reportedAt = now;
            reportFailure = Optional.empty();
        } catch (IOException e) {
            Optional<String> failure = Optional.of(String.valueOf(e.getMessage()));
            if (!failure.equals(reportFailure)) {
                log.accept(failure.get());
            }
            reportFailure = failure;
            reported = Optional.empty();
        }
    }

    private void write(String name, Duration validFor) throws IOException {
        Path file = settings.directory().resolve(name);
        Path next = settings.directory().resolve("." + name);
        Files.writeString(next, Instant.now().plus(validFor).getEpochSecond() + "\n");
        Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
