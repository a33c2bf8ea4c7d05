package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.LoadedPlugin;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a running containerd says about itself.
 *
 * @param version such as {@code v2.4.2} or {@code 1.6.20~ds1}
 * @param snapshotters its own and its proxy plugins
 */
public record RunningContainerd(String version, List<LoadedPlugin> snapshotters) {
    private static final Duration TIMEOUT = Duration.ofSeconds(5);

    public RunningContainerd {
        requireNonNull(version, "version is null");
        snapshotters = List.copyOf(snapshotters);
    }

    /** @throws IOException if it does not answer */
    public static RunningContainerd ask(ContainerdClient client) throws IOException {
        return new RunningContainerd(
                client.introspection().version(TIMEOUT),
                client.introspection().plugins(List.of("type==io.containerd.snapshotter.v1"), TIMEOUT));
    }

    /** Empty if it says none that is one. */
    public Optional<ContainerdVersion> number() {
        return ContainerdVersion.parse(version);
    }

    /** The name under which it knows the snapshotter at this socket. */
    Optional<String> nameOf(Path socket) {
        return snapshotters.stream()
                .filter(plugin ->
                        path(plugin.exports().getOrDefault("address", "")).equals(socket.toString()))
                .map(LoadedPlugin::id)
                .findFirst();
    }

    /** An address of a proxy plugin without its scheme. */
    static String path(String address) {
        return address.startsWith("unix://") ? address.substring("unix://".length()) : address;
    }
}
