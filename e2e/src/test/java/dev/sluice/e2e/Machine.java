package dev.sluice.e2e;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What a test needs of the machine; without it the test is skipped and says why. */
final class Machine {

    private static final Path BEDS = Path.of("/var/tmp");

    /** Linux 6.15. */
    private static final int FANOTIFY_SINCE = 6015;

    private Machine() {}

    static void assumeRoot() {
        assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    }

    static void assumePrograms(String... programs) {
        for (String program : programs) {
            assumeTrue(isInstalled(program), "needs the program " + program);
        }
    }

    /** How often something of ours is killed: what the environment says, or as often as suits a short run. */
    static int kills(int inAShortRun) {
        return Optional.ofNullable(System.getenv("SLUICE_KILLS"))
                .map(Integer::valueOf)
                .orElse(inAShortRun);
    }

    /** @param minor the oldest one of this major version; all later major versions will do */
    static void assumeKernel(int major, int minor) {
        String[] release = System.getProperty("os.version", "0.0").split("[^0-9]", -1);
        int here = Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]);
        assumeTrue(here >= major * 1000 + minor, "needs Linux " + major + "." + minor);
    }

    static void assumeLoopDevices() {
        assumeTrue(Files.exists(Path.of("/dev/loop-control")), "needs loop devices");
    }

    /** @param type as {@code /proc/filesystems} names it, or a module of this name */
    static void assumeFileSystem(String type) throws IOException {
        Command.of("sh", "-c", "modprobe --quiet " + type).runForResult();
        assumeTrue(
                Files.readAllLines(Path.of("/proc/filesystems")).stream()
                        .anyMatch(line -> line.strip().equals(type)),
                "this kernel has no " + type);
    }

    /** The backends for tests that have to hold for each: {@code auto}, or both where it has a choice. */
    static List<String> backends() throws IOException {
        String[] kernel =
                Files.readString(Path.of("/proc/sys/kernel/osrelease")).split("[^0-9]+", -1);
        int version = Integer.parseInt(kernel[0]) * 1000 + Integer.parseInt(kernel[1]);
        boolean fit =
                Set.of("ext4", "xfs", "btrfs").contains(Files.getFileStore(BEDS).type());
        return version >= FANOTIFY_SINCE && fit ? List.of("fanotify", "fuse") : List.of("auto");
    }

    /** The first of {@link #backends}. */
    static String firstBackend() throws IOException {
        return backends().get(0);
    }

    /** A directory of its own, on a file system that can hold the upper directory of an overlay. */
    static TestBed newTestBed() throws IOException {
        return TestBed.create(BEDS);
    }

    /** The built distribution, which {@code mvn package} makes. */
    static Path distribution() {
        Path distribution = Path.of(System.getProperty("sluice.distribution", "../snapshotter/target/sluice"))
                .toAbsolutePath()
                .normalize();
        assumeTrue(Files.isExecutable(distribution.resolve("bin/sluice")), "needs the distribution " + distribution);
        return distribution;
    }

    /** The Debian package, which {@code mvn package} makes. */
    static Path debianPackage() throws IOException {
        try (Stream<Path> files = Files.list(packages())) {
            Optional<Path> found = files.filter(
                            file -> file.getFileName().toString().matches("sluice_.*_all\\.deb"))
                    .findFirst();
            assumeTrue(found.isPresent(), "needs the package " + packages() + "/sluice_*_all.deb");
            return found.get();
        }
    }

    /** The OCI layout of the container image, which {@code mvn package -Pimage} makes. */
    static Path containerImage() {
        Path layout = packages().resolve("image");
        assumeTrue(Files.exists(layout.resolve("index.json")), "needs the container image " + layout + ": -Pimage");
        return layout;
    }

    private static Path packages() {
        return Path.of(System.getProperty("sluice.packages", "../packages/target"))
                .toAbsolutePath()
                .normalize();
    }

    /** The newest containerd 2.x; made if it is not in the cache yet. */
    static ContainerdBinaries newestContainerd() throws IOException {
        Optional<ContainerdBinaries> newest = ContainerdBinaries.newest(Path.of("tools/containerd2"));
        assumeTrue(newest.isPresent(), "needs containerd 2.x, which can neither be found nor built here");
        return newest.get();
    }

    /** containerd 1.7 of Debian 13; fetched if it is not in the cache yet. */
    static ContainerdBinaries containerdOfDebian13() throws IOException {
        Optional<ContainerdBinaries> fetched = ContainerdBinaries.ofDebian13(Path.of("tools/containerd17"));
        assumeTrue(fetched.isPresent(), "needs Debian 13's containerd, which can neither be found nor fetched here");
        return fetched.get();
    }

    /** A client that Debian does not have; built if it is not in the cache yet. */
    static Path client(ClientProgram program) throws IOException {
        Optional<Path> built = program.build(Path.of("tools"));
        assumeTrue(built.isPresent(), "needs " + program.directory() + ", which can neither be found nor built here");
        return built.get();
    }

    /** Debian's containerd. */
    static ContainerdBinaries installedContainerd() {
        assumeTrue(ContainerdBinaries.areInstalled(), "needs Debian's containerd");
        return ContainerdBinaries.installed();
    }

    static boolean isInstalled(String program) {
        String path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.concat(Stream.of(path.split(":", -1)), List.of("/usr/sbin", "/sbin").stream())
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }
}
