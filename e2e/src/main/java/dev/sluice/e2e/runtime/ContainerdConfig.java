package dev.sluice.e2e.runtime;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a test wants of containerd's configuration. Immutable.
 *
 * @param snapshotters address of the socket by name of the proxy plugin
 * @param sandboxImage what CRI runs in the sandbox of a pod; if empty, CRI is off. CRI pulls for the snapshotter called
 *     {@code sluice}
 * @param imageLabels whether snapshotters are told which image is pulled, where containerd can be configured for that
 * @param collectsGarbage whether containerd does by itself; else only when a client asks for it
 */
public record ContainerdConfig(
        Map<String, Path> snapshotters, Optional<String> sandboxImage, boolean imageLabels, boolean collectsGarbage) {

    /** Only what containerd brings itself, without CRI. */
    public static final ContainerdConfig PLAIN = new ContainerdConfig(Map.of(), Optional.empty(), true, true);

    public ContainerdConfig {
        snapshotters = Map.copyOf(snapshotters);
    }

    public ContainerdConfig withSnapshotter(String name, Path socket) {
        Map<String, Path> changed = new TreeMap<>(snapshotters);
        changed.put(name, socket);
        return new ContainerdConfig(changed, sandboxImage, imageLabels, collectsGarbage);
    }

    public ContainerdConfig withCri(String image) {
        return new ContainerdConfig(snapshotters, Optional.of(image), imageLabels, collectsGarbage);
    }

    public ContainerdConfig withoutImageLabels() {
        return new ContainerdConfig(snapshotters, sandboxImage, false, collectsGarbage);
    }

    /**
     * For clients that forget to hold what they have written. The first collection, which anything that goes away asks for, is put off by a day,
     * and so is the answer to a removal that waits for it.
     */
    public ContainerdConfig withoutGarbageCollection() {
        return new ContainerdConfig(snapshotters, sandboxImage, imageLabels, false);
    }

    /** A version 2 file, which containerd 1.6 to 2.x read; each ignores what only the other knows. */
    String toToml(Path directory) {
        StringBuilder toml = new StringBuilder(
                """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = [%2$s"io.containerd.internal.v1.opt"]
                [grpc]
                  address = "%1$s/s"
                [ttrpc]
                  address = "%1$s/t"
                [debug]
                  level = "info"
                """.formatted(directory, sandboxImage.isPresent() ? "" : "\"io.containerd.grpc.v1.cri\", "));
        if (!collectsGarbage) {
            toml.append("""
                    [plugins."io.containerd.gc.v1.scheduler"]
                      startup_delay = "0s"
                      schedule_delay = "24h"
                    """);
        }
        new TreeMap<>(snapshotters).forEach((name, socket) -> toml.append("""
                        [proxy_plugins.%1$s]
                          type = "snapshot"
                          address = "%2$s"
                          capabilities = ["remap-ids"]
                          [proxy_plugins.%1$s.exports]
                            enable_remote_snapshot_annotations = "%3$s"
                        """.formatted(name, socket, imageLabels)));
        unpackTarget(toml, "overlayfs");
        new TreeMap<>(snapshotters).keySet().forEach(name -> unpackTarget(toml, name));
        sandboxImage.ifPresent(image -> cri(toml, directory, image));
        return toml.toString();
    }

    /** In containerd 2.x the transfer service pulls for CRI; before, CRI itself does and has to be told to name the image. */
    private void cri(StringBuilder toml, Path directory, String image) {
        toml.append("""
                [plugins."io.containerd.grpc.v1.cri"]
                  sandbox_image = "%2$s"
                  # Not even root may lower it in some containers.
                  restrict_oom_score_adj = true
                  [plugins."io.containerd.grpc.v1.cri".cni]
                    bin_dir = "%1$s/cni"
                    conf_dir = "%1$s/cni"
                  [plugins."io.containerd.grpc.v1.cri".containerd]
                    snapshotter = "%3$s"
                    disable_snapshot_annotations = %4$s
                [plugins."io.containerd.cri.v1.images"]
                  snapshotter = "%3$s"
                """.formatted(directory, image, SluiceProcess.NAME, !imageLabels));
    }

    /** Setting one target of the transfer service replaces the default, so all have to be named. */
    private static void unpackTarget(StringBuilder toml, String snapshotter) {
        toml.append("""
                [[plugins."io.containerd.transfer.v1.local".unpack_config]]
                  platform = "linux/amd64"
                  snapshotter = "%s"
                """.formatted(snapshotter));
    }
}
