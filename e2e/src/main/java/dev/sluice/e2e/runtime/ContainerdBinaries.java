package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which containerd to run.
 *
 * @param directory holds {@code containerd}, {@code ctr} and the shim, or empty for those of the search path
 */
public record ContainerdBinaries(Optional<Path> directory) {

    private static final int CANNOT_BUILD = 77;

    /** Debian's package {@code containerd}. */
    public static ContainerdBinaries installed() {
        return new ContainerdBinaries(Optional.empty());
    }

    public static ContainerdBinaries in(Path directory) {
        return new ContainerdBinaries(Optional.of(directory));
    }

    /** Whether Debian's package is there. */
    public static boolean areInstalled() {
        return Files.isExecutable(Path.of("/usr/bin/containerd"));
    }

    /**
     * The newest containerd 2.x, built by {@code e2e/tools/containerd2} if it is not in the cache yet.
     *
     * @param tool path of that script
     * @return empty if this machine cannot build it; the script has said why on standard error
     */
    public static Optional<ContainerdBinaries> newest(Path tool) throws IOException {
        return made(tool);
    }

    /**
     * containerd 1.7 as Debian 13 has it, fetched by {@code e2e/tools/containerd17} if it is not in the cache yet.
     *
     * @param tool path of that script
     * @return empty if it cannot be had on this machine; the script has said why on standard error
     */
    public static Optional<ContainerdBinaries> ofDebian13(Path tool) throws IOException {
        return made(tool);
    }

    private static Optional<ContainerdBinaries> made(Path tool) throws IOException {
        Command.Result result =
                Command.of(tool.toString()).withTimeout(Duration.ofMinutes(30)).runForResult();
        return switch (result.exitCode()) {
            case 0 -> Optional.of(in(Path.of(result.stdout().strip())));
            case CANNOT_BUILD -> Optional.empty();
            default -> throw new IOException("Tried to make containerd but failed because: " + result.stderr());
        };
    }

    /** Its main program, with its whole path. */
    public Path program() {
        return directory.orElse(Path.of("/usr/bin")).resolve("containerd");
    }

    String containerd() {
        return path("containerd");
    }

    String ctr() {
        return path("ctr");
    }

    /** The search path of containerd itself, which looks there for its shim and for runc. */
    String searchPath() {
        String inherited = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/sbin:/usr/bin:/sbin:/bin");
        return directory.map(path -> path + ":" + inherited).orElse(inherited);
    }

    private String path(String program) {
        return directory.map(path -> path.resolve(program).toString()).orElse(program);
    }
}
