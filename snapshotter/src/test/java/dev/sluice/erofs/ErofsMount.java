package dev.sluice.erofs;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.linux.Linux;
import dev.sluice.linux.Mounts;
import dev.sluice.linux.SystemInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** An image mounted by this machine's kernel, straight from its file. */
final class ErofsMount implements AutoCloseable {
    private final Mounts mounts;
    private final Path directory;

    private ErofsMount(Mounts mounts, Path directory) {
        this.mounts = mounts;
        this.directory = directory;
    }

    static void assumePossible(Linux linux) throws IOException {
        assumeTrue(linux.lstat(Path.of("/proc/self")).uid() == 0, "mounting needs root");
        assumeTrue(Tool.exists("python3"), "python3 is not installed");
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("erofs"), "this kernel has no EROFS");
        assumeTrue(SystemInfo.kernel().isAtLeast(6, 12), "this kernel does not mount EROFS images from files: < 6.12");
    }

    /** Mounts an image with its data device on an empty directory. */
    static ErofsMount of(Linux linux, Path image, Path data, Path directory) throws IOException {
        return of(linux, image, List.of(data), directory);
    }

    /** Mounts an image, with or without its data device. */
    static ErofsMount of(Linux linux, Path image, List<Path> devices, Path directory) throws IOException {
        linux.mounts().erofs(image, devices, Files.createDirectories(directory), List.of());
        return new ErofsMount(linux.mounts(), directory);
    }

    /** Mounts overlayfs, read-only. */
    static ErofsMount overlay(Linux linux, List<Path> lowers, Path directory) throws IOException {
        linux.mounts().overlay(lowers, null, Files.createDirectories(directory));
        return new ErofsMount(linux.mounts(), directory);
    }

    Path directory() {
        return directory;
    }

    /** What the kernel says of every name, in the form of {@link TestTree#dump}. */
    List<String> dump() throws IOException, InterruptedException {
        byte[] script;
        try (var in = ErofsMount.class.getResourceAsStream("dump_tree.py")) {
            script = in.readAllBytes();
        }
        return Tool.run("python3", "-c", new String(script, StandardCharsets.UTF_8), directory.toString())
                .lines()
                .toList();
    }

    @Override
    public void close() throws IOException {
        mounts.unmount(directory);
    }
}
