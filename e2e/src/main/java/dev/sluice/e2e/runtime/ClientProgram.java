package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/** Clients of containerd, and makers of images, that Debian does not have; each is built from its Go module or crate below {@code e2e/tools/clients}. */
public enum ClientProgram {
    /** The last of the 1.x versions. */
    NERDCTL1,
    /** Of the 2.x versions. */
    NERDCTL2,
    /** What a kubelet does. */
    CRI,
    /** Docker's engine, which can keep its images in containerd. */
    DOCKERD,
    /** New enough for that engine. */
    RUNC,
    /** The daemon of BuildKit. */
    BUILDKITD,
    /** The client of BuildKit. */
    BUILDCTL,
    /** Compresses layers as newer versions of podman than Debian's do. */
    ZSTDCHUNKED,
    /** Makes SOCI indexes. */
    SOCI,
    /** Converts images to those of nydus; no client, but made in the same way. */
    NYDUSIFY,
    /** The servers and the client of Kubernetes, and etcd, in one program. */
    KUBERNETES,
    /** Nydus' own builder of layers, in Rust. */
    NYDUSIMAGE;

    private static final int CANNOT_BUILD = 77;

    /**
     * Builds the program if it is not in the cache yet.
     *
     * @param tools the directory {@code e2e/tools}
     * @return empty if this machine cannot build it; the script has said why on standard error
     */
    public Optional<Path> build(Path tools) throws IOException {
        Command.Result result = Command.of(tools.resolve("clients/build").toString(), directory())
                .withTimeout(Duration.ofMinutes(30))
                .runForResult();
        return switch (result.exitCode()) {
            case 0 -> Optional.of(Path.of(result.stdout().strip()));
            case CANNOT_BUILD -> Optional.empty();
            default ->
                throw new IOException("Tried to build " + directory() + " but failed because: " + result.stderr());
        };
    }

    /** Its module's name. */
    public String directory() {
        return name().toLowerCase(Locale.ROOT);
    }
}
