package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdException;
import dev.sluice.daemon.metrics.Readiness;
import dev.sluice.daemon.metrics.Readiness.Check;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What has to hold for a running daemon to be well. */
final class RuntimeHealth {
    private static final Duration CONTAINERD = Duration.ofSeconds(2);
    /** Less is as good as a full disk: fills fail, and so do changes of snapshots. */
    private static final long MIN_FREE = 16 << 20;

    private RuntimeHealth() {}

    static Readiness of(Config config, LayerRuntime runtime) {
        return new Readiness(
                List.of(new Check("backend", runtime.backend()::failure)),
                List.of(
                        new Check("socket", () -> missing(config.address())),
                        new Check("disk", () -> full(config.root())),
                        new Check("containerd", () -> silent(runtime))));
    }

    private static Optional<String> missing(Path socket) {
        return Files.exists(socket)
                ? Optional.empty()
                : Optional.of(socket + " is gone, so containerd finds nobody; start the daemon again");
    }

    private static Optional<String> full(Path root) {
        try {
            long free = Files.getFileStore(root).getUsableSpace();
            return free >= MIN_FREE
                    ? Optional.empty()
                    : Optional.of("the file system of " + root + " has " + free + " bytes left");
        } catch (IOException e) {
            return Optional.of(root + " cannot be looked at: " + e.getMessage());
        }
    }

    private static Optional<String> silent(LayerRuntime runtime) {
        try {
            runtime.containerd().introspection().version(CONTAINERD);
            return Optional.empty();
        } catch (ContainerdException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }
}
