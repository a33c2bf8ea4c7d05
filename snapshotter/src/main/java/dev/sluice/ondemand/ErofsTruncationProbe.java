package dev.sluice.ondemand;

import dev.sluice.linux.KernelVersion;
import dev.sluice.linux.Linux;
import dev.sluice.linux.SystemInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Whether EROFS on regular files reports a device file that is too short. Kernels without commit eade54040384 take the missing bytes for
 * zeros: on them a damaged cache would be served as if it were whole.
 */
public final class ErofsTruncationProbe implements Probe {
    private static final String NAME = "EROFS on regular files reports short ones";
    private static final int SHORT_SIZE = 100;

    private final Linux linux;
    private final Path scratch;

    /** @param scratch an existing directory, on the file system that will hold the layers */
    public ErofsTruncationProbe(Linux linux, Path scratch) {
        this.linux = linux;
        this.scratch = scratch;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public ProbeResult run() {
        try {
            KernelVersion kernel = SystemInfo.kernel();
            if (!kernel.isAtLeast(6, 12)) {
                return ProbeResult.notOk(NAME, "EROFS on regular files needs Linux 6.12, this is " + kernel.release());
            }
            return probe();
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, "the probe failed: " + e.getMessage());
        }
    }

    private ProbeResult probe() throws IOException {
        try (ScratchMount mount = ScratchMount.create(linux, scratch)) {
            ErofsMounter erofs = new FileBackedErofs(linux.mounts());
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
                        NAME, "a file on a device that is too short reads as " + contents.length + " bytes, no error");
            } catch (IOException e) {
                return ProbeResult.ok(NAME, "reading from a short device fails as it should: " + e.getMessage());
            }
        }
    }
}
