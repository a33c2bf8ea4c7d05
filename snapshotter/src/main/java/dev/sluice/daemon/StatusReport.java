package dev.sluice.daemon;

import static java.util.Objects.requireNonNull;

import dev.sluice.credentials.SourceStatus;
import dev.sluice.mount.LayerStatus;
import dev.sluice.mount.TaintedMount;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * What a running daemon holds.
 *
 * @param backend that is in use
 * @param keeper that is in use, for people
 * @param address the socket that it serves containerd on
 * @param containerd containerd's own socket
 * @param tainted what has to be started again
 * @param imageMounts of {@code sluice mount}
 * @param credentials their sources, in the order in which they are asked
 */
public record StatusReport(
        String version,
        String backend,
        String keeper,
        Path root,
        Path address,
        Path containerd,
        Instant started,
        List<LayerStatus> layers,
        List<ImageMount> imageMounts,
        List<TaintedMount> tainted,
        List<SourceStatus> credentials) {
    public StatusReport {
        requireNonNull(version, "version is null");
        requireNonNull(backend, "backend is null");
        requireNonNull(keeper, "keeper is null");
        requireNonNull(root, "root is null");
        requireNonNull(address, "address is null");
        requireNonNull(containerd, "containerd is null");
        requireNonNull(started, "started is null");
        layers = List.copyOf(layers);
        imageMounts = List.copyOf(imageMounts);
        tainted = List.copyOf(tainted);
        credentials = List.copyOf(credentials);
    }

    /** An image that is mounted without containerd. */
    public record ImageMount(String reference, Path directory) {
        public ImageMount {
            requireNonNull(reference, "reference is null");
            requireNonNull(directory, "directory is null");
        }
    }
}
