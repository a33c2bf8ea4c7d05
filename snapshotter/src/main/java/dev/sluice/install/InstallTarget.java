package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Which containerd is meant, and where Sluice serves it. Paths are the host's.
 *
 * @param file what containerd is started with; need not exist
 * @param socket of Sluice
 * @param containerd its own socket
 * @param binary of containerd, where it is not found by its name
 * @param version where containerd cannot be asked
 * @param state Sluice's directory for what has to be remembered
 */
public record InstallTarget(
        Host host,
        Path file,
        Path socket,
        Path containerd,
        Optional<Path> binary,
        Optional<ContainerdVersion> version,
        Path state) {
    public InstallTarget {
        requireNonNull(host, "host is null");
        requireNonNull(file, "file is null");
        requireNonNull(socket, "socket is null");
        requireNonNull(containerd, "containerd is null");
        requireNonNull(binary, "binary is null");
        requireNonNull(version, "version is null");
        requireNonNull(state, "state is null");
    }
}
