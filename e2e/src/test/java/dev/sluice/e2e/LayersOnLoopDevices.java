package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.LoopDevices;
import dev.sluice.e2e.host.Patience;
import dev.sluice.e2e.host.Poll;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** How a daemon comes to mount layers on loop devices, and which devices there are. */
final class LayersOnLoopDevices {
    private static final Duration SOON = Duration.ofMinutes(1);

    private LayersOnLoopDevices() {}

    /** What the daemon's configuration needs for it: nothing where the kernel mounts no regular files. */
    static String settings() {
        return kernelMountsRegularFiles() ? "[fuse]\nloop_devices = \"always\"\n" : "";
    }

    /** What the daemon's log says of the way. */
    static String reason() {
        return "EROFS is mounted on loop devices: "
                + (kernelMountsRegularFiles()
                        ? "fuse.loop_devices is always"
                        : "this kernel takes no regular files: mount erofs on ");
    }

    /** Devices whose file belongs to one of the layers. */
    static List<String> of(List<String> layers) throws IOException {
        return LoopDevices.files().stream()
                .filter(file -> layers.stream().anyMatch(file::contains))
                .toList();
    }

    /** Waits until there are none: the kernel lets a device go some moments after its mount. */
    static void awaitNone(List<String> layers) throws IOException {
        assertThat(layers).isNotEmpty();
        boolean gone = Poll.until(Patience.of(SOON), () -> of(layers).isEmpty());
        assertThat(gone).as(() -> "devices are left, of all of " + layers).isTrue();
    }

    /** Since Linux 6.12, if it is built so; Debian's are. */
    static boolean kernelMountsRegularFiles() {
        String[] version = System.getProperty("os.version").split("[^0-9]+", 3);
        int major = Integer.parseInt(version[0]);
        return major > 6 || (major == 6 && Integer.parseInt(version[1]) >= 12);
    }

    /** Names of the layers of a daemon. */
    static List<String> layers(Path root) throws IOException {
        try (Stream<Path> directories = Files.list(root.resolve("layers"))) {
            return directories
                    .map(directory -> directory.getFileName().toString())
                    .toList();
        }
    }
}
