package dev.sluice.mount;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Backend.AttachedDevice;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.LayerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * Data devices of layers that were fetched as a whole. As long as they are complete they need no backend, and no daemon. Safe for use by many
 * threads.
 */
final class WholeLayers {
    private final Linux linux;
    private final ErofsMounter erofs;
    private final BootId boot;

    WholeLayers(Linux linux, ErofsMounter erofs, BootId boot) {
        this.linux = linux;
        this.erofs = erofs;
        this.boot = boot;
    }

    /**
     * Notes that all of a data file is there.
     *
     * @param files of a new layer; its data file has all its bytes, written by this boot of the machine
     * @param durable whether they have to survive a crash of the machine from now on, because they could not be fetched again in part. Else
     *     they do a little later.
     */
    void complete(LayerFiles files, long size, boolean durable) throws IOException {
        // A device of another size would be made anew, and its zeros taken for bytes.
        long written = Files.size(files.data());
        if (written != size) {
            throw new IOException("data file has " + written + " bytes, expected " + size);
        }
        try (SparseFileDevice device = SparseFileDevice.open(linux, files.data(), files.present(), size, boot)) {
            device.markComplete();
            if (!durable) {
                device.closeWithoutSync();
            }
        }
    }

    /** The layer's device; empty if not all of it is there any more. */
    Optional<DataDevice> open(LayerFiles files, long size) throws IOException {
        SparseFileDevice device = SparseFileDevice.open(linux, files.data(), files.present(), size, boot);
        if (device.isPresent(0, size)) {
            return Optional.of(device);
        }
        device.close();
        return Optional.empty();
    }

    /** The way to mount such a device. */
    AttachedDevice attached(LayerFiles files) {
        return new LocalDevice(erofs, files);
    }
}
