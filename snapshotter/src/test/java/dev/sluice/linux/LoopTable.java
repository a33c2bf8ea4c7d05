package dev.sluice.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The loop devices of this machine, as sysfs shows them. */
public final class LoopTable {
    private LoopTable() {}

    /** Device by file, for the files below a directory. */
    public static Map<Path, Path> under(Path directory) throws IOException {
        Map<Path, Path> devices = new TreeMap<>();
        try (DirectoryStream<Path> blocks = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
            for (Path block : blocks) {
                backingFile(block)
                        .filter(file -> file.startsWith(directory))
                        .ifPresent(file -> devices.put(file, Path.of("/dev").resolve(block.getFileName())));
            }
        }
        return devices;
    }

    private static Optional<Path> backingFile(Path block) throws IOException {
        try {
            return Optional.of(
                    Path.of(Files.readString(block.resolve("loop/backing_file")).strip()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
