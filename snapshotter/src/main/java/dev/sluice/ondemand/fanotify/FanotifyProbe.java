package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.linux.FileSystemStatus;
import dev.sluice.linux.KernelVersion;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.FileBackedErofs;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeImage;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.ScratchMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Whether the fanotify backend works here: reads a device through EROFS twice. First its bytes cannot be had, which must be an error; then
 * they come while the reader waits.
 */
public final class FanotifyProbe implements Probe {
    private static final String NAME = "fanotify";
    private static final int MAX_SECONDS = 10;
    private static final Set<Long> FIT = Set.of(FileSystemStatus.EXT4, FileSystemStatus.XFS, FileSystemStatus.BTRFS);

    private final Linux linux;
    private final Path scratch;

    /** @param scratch an existing directory, on the file system that will hold the layers */
    public FanotifyProbe(Linux linux, Path scratch) {
        this.linux = linux;
        this.scratch = scratch;
    }

    /** Lets go of what it is given: nobody but the probe reads its scratch mount. */
    private static final class NobodyElse implements Keeper {
        @Override
        public boolean isPresent() {
            return true;
        }

        @Override
        public Optional<LinuxFile> take(String name) {
            return Optional.empty();
        }

        @Override
        public void keep(String name, LinuxFile file) {
            // If this process dies, its scratch mount may show zeros to nobody.
        }

        @Override
        public void forget(String... names) {
            // Nothing was kept.
        }

        @Override
        public String toString() {
            return "none";
        }
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public ProbeResult run() {
        try {
            KernelVersion kernel = SystemInfo.kernel();
            if (!kernel.isAtLeast(6, 15)) {
                return ProbeResult.notOk(NAME, "pre-content events need Linux 6.15, this is " + kernel.release());
            }
            if (!FIT.contains(linux.statfs(scratch).type())) {
                return ProbeResult.notOk(NAME, scratch + " is not on ext4, xfs or btrfs");
            }
            return probe();
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, "the probe failed: " + e.getMessage());
        }
    }

    private ProbeResult probe() throws IOException {
        ErofsMounter erofs = new FileBackedErofs(linux.mounts());
        try (ScratchMount mount = ScratchMount.create(linux, scratch);
                FanotifyBackend backend = FanotifyBackend.start(
                        linux, FanotifyOptions.defaults(), erofs, BootId.current(), new NobodyElse())) {
            backend.resume(LayerSource.NONE);
            LayerFiles files = new LayerFiles(mount.directory());
            try (DataDevice device = backend.openDevice("0", files, ProbeImage.BLOCK);
                    ProbeLayer layer = new ProbeLayer(device, ProbeImage.data())) {
                backend.attach("0", files, layer);
                mount.mount(erofs, files.data());
                if (read(mount.file()).isPresent()) {
                    return ProbeResult.notOk(NAME, "a device is read before its bytes are there");
                }
                layer.appear();
                boolean same = read(mount.file())
                        .filter(bytes -> Arrays.equals(bytes, ProbeImage.data()))
                        .isPresent();
                mount.unmount();
                return same
                        ? ProbeResult.ok(NAME, "a reader waited until its bytes were there")
                        : ProbeResult.notOk(NAME, "a device reads wrong");
            }
        }
    }

    /** Empty if that is an I/O error. On a thread of its own: if nobody answers, closing the backend ends the wait. */
    private static Optional<byte[]> read(Path file) throws IOException {
        CompletableFuture<Optional<byte[]>> result = new CompletableFuture<>();
        Thread reader = new Thread(
                () -> {
                    try {
                        result.complete(Optional.of(Files.readAllBytes(file)));
                    } catch (IOException e) {
                        result.complete(Optional.empty());
                    }
                },
                "fanotify-probe");
        reader.setDaemon(true);
        reader.start();
        try {
            return result.get(MAX_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new IOException("a reader waited for more than " + MAX_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
