package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Loop devices of this machine, as sysfs shows them. */
public final class LoopDevices {

    private LoopDevices() {}

    /**
     * The files that are behind a device. One whose file system is no longer mounted anywhere is named from the root of that file system
     * on.
     */
    public static List<String> files() throws IOException {
        List<String> files = new ArrayList<>();
        try (DirectoryStream<Path> devices = Files.newDirectoryStream(Path.of("/sys/block"), "loop*")) {
            for (Path device : devices) {
                file(device).ifPresent(files::add);
            }
        }
        return files;
    }

    private static Optional<String> file(Path device) throws IOException {
        try {
            return Optional.of(
                    Files.readString(device.resolve("loop/backing_file")).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
