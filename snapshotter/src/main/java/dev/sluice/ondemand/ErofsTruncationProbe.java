package dev.sluice.ondemand;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Whether EROFS reports a device file that is too short. On regular files, kernels without commit eade54040384 take the missing bytes for
 * zeros: on them a damaged cache would be served as if it were whole. Loop devices are as long as their file, and reads beyond their end
 * fail on all kernels.
 */
public final class ErofsTruncationProbe implements Probe {
    private static final String NAME = "EROFS reports short files";
    private static final int SHORT_SIZE = 100;

    private final Linux linux;
    private final ErofsMounter erofs;
    private final Path scratch;

    /**
     * @param erofs as the backend would mount
     * @param scratch an existing directory, on the file system that will hold the layers
     */
    public ErofsTruncationProbe(Linux linux, ErofsMounter erofs, Path scratch) {
        this.linux = linux;
        this.erofs = erofs;
        this.scratch = scratch;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public ProbeResult run() {
        try {
            return probe();
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, "the probe failed: " + e.getMessage());
        }
    }

    private ProbeResult probe() throws IOException {
        try (ScratchMount mount = ScratchMount.create(linux, scratch)) {
            Path device = Files.write(mount.directory().resolve("device"), ProbeImage.data());
            mount.mount(erofs, device);
            if (!Arrays.equals(Files.readAllBytes(mount.file()), ProbeImage.data())) {
                return ProbeResult.notOk(NAME, "a file on a whole device reads wrong");
            }
            mount.unmount();

            Files.write(device, Arrays.copyOf(ProbeImage.data(), SHORT_SIZE));
            mount.mount(erofs, device);
            try {
                byte[] contents = Files.readAllBytes(mount.file());
                return ProbeResult.notOk(
                        NAME,
                        "on " + erofs.way() + ", a file on a device that is too short reads as " + contents.length
                                + " bytes, no error");
            } catch (IOException e) {
                return ProbeResult.ok(
                        NAME,
                        "on " + erofs.way() + ", reading from a short device fails as it should: " + e.getMessage());
            }
        }
    }
}
