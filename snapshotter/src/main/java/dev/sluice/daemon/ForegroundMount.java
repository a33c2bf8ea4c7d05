package dev.sluice.daemon;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.mount.ImageMounts;
import dev.sluice.mount.ImageMounts.ImageMount;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code sluice mount} where no daemon runs: this process serves the image, as long as it is mounted. */
final class ForegroundMount {
    private static final Logger log = LoggerFactory.getLogger(ForegroundMount.class);

    private ForegroundMount() {}

    /** Mounts, and returns after the directory was unmounted or the process got SIGTERM or SIGINT. */
    static void run(Config config, ImageReference reference, Path directory) throws IOException {
        try (ShutdownSignal signal = ShutdownSignal.listen();
                LayerRuntime runtime = LayerRuntime.start(config, KeeperChoice.NONE, Linux.load())) {
            runtime.restore();
            ImageMount mount = mount(runtime.imageMounts(), reference, directory);
            log.info("{} is mounted at {} and served by this process; ends when it is unmounted", reference, directory);
            while (!signal.await(1, TimeUnit.SECONDS)
                    && MountTable.read().at(mount.directory()).isPresent()) {
                log.debug("{} is still mounted", directory);
            }
            var unused = runtime.imageMounts().unmount(mount.directory());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    /** A process that was killed may have left the same mount; then it is served again. */
    private static ImageMount mount(ImageMounts mounts, ImageReference reference, Path directory) throws IOException {
        for (ImageMount mount : mounts.list()) {
            if (mount.reference().equals(reference.toString())
                    && Files.exists(directory)
                    && Files.isSameFile(mount.directory(), directory)) {
                return mount;
            }
        }
        return mounts.mount(reference, Platform.linuxHere(), directory);
    }
}
