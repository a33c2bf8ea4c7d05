package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.ContainerdException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * {@code sluice node release}: takes Sluice off a node where its daemon runs in a pod. Runs in the place of that daemon, and runs one itself
 * until no container uses Sluice: whoever still does reads on. Then containerd forgets what it had in Sluice, the daemon ends, and mounts and files go.
 * May be interrupted and started again at any point.
 */
public final class NodeReleaser {
    private static final Duration TO_START = Duration.ofMinutes(2);
    private static final Duration TO_END = Duration.ofMinutes(1);

    private final Settings settings;
    private final Consumer<String> log;

    /**
     * @param config of the daemon
     * @param distribution which holds {@code bin/sluice}
     * @param pod UID of the pod that this runs in, if any: it does not wait for itself
     */
    public record Settings(Optional<Path> config, Path distribution, Optional<String> pod) {
        public Settings {
            requireNonNull(config, "config is null");
            requireNonNull(distribution, "distribution is null");
            requireNonNull(pod, "pod is null");
        }
    }

    /** @param log what is done and waited for, one sentence each */
    public NodeReleaser(Settings settings, Consumer<String> log) {
        this.settings = settings;
        this.log = log;
    }

    /** @throws IOException if something could not be done; the next try goes on from there */
    public void release() throws IOException, InterruptedException {
        Process daemon = start("daemon");
        try (ContainerdClient containerd = new ContainerdClient(Path.of(HostLayout.CONTAINERD))) {
            ContainerdUse use = new ContainerdUse(containerd);
            boolean known = use.isKnown();
            if (known) {
                awaitAnswer(use, daemon);
            }
            UserWatch watch = new UserWatch(use, settings.pod(), log);
            while (!watch.isOver()) {
                pause(daemon);
            }
            List<String> forgotten = use.forgetImagesWithoutLayers();
            if (!forgotten.isEmpty()) {
                log.accept("Images that are pulled again by who needs them: " + String.join(", ", forgotten));
            }
            if (known) {
                use.removeSnapshots();
            } else {
                log.accept("containerd's configuration has nothing of Sluice, so it has nothing to forget");
            }
        } finally {
            stop(daemon);
        }
        log.accept("No container uses Sluice: its mounts and files go");
        int status = start("cleanup", "--delete").waitFor();
        if (status != 0) {
            throw new IOException("`sluice cleanup --delete` ended with status " + status);
        }
        deleteSockets();
        log.accept("Nothing of Sluice is left on this node but what containerd's configuration has of it");
    }

    private void awaitAnswer(ContainerdUse use, Process daemon) throws IOException, InterruptedException {
        long end = System.nanoTime() + TO_START.toNanos();
        while (true) {
            try {
                use.check();
                return;
            } catch (ContainerdException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
            }
            pause(daemon);
        }
    }

    private static void pause(Process daemon) throws IOException, InterruptedException {
        if (daemon.waitFor(UserWatch.BETWEEN_LOOKS.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException("the daemon ended with status " + daemon.exitValue());
        }
    }

    private Process start(String... arguments) throws IOException {
        List<String> line = new ArrayList<>();
        line.add(settings.distribution().resolve("bin/sluice").toString());
        line.addAll(List.of(arguments));
        settings.config().ifPresent(file -> line.add("--config=" + file));
        return new ProcessBuilder(line).inheritIO().start();
    }

    private static void stop(Process daemon) throws InterruptedException {
        daemon.destroy();
        if (!daemon.waitFor(TO_END.toMillis(), TimeUnit.MILLISECONDS)) {
            daemon.destroyForcibly().waitFor();
        }
    }

    /** Their directory is the host's, and mounted here. */
    private static void deleteSockets() throws IOException {
        Path directory = Path.of(HostLayout.RUN);
        if (Files.isDirectory(directory)) {
            try (Stream<Path> all = Files.list(directory)) {
                for (Path one : all.toList()) {
                    HostDistribution.delete(one);
                }
            }
        }
    }
}
