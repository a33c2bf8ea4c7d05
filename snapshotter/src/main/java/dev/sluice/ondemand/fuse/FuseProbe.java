package dev.sluice.ondemand.fuse;

import dev.sluice.fill.BootId;
import dev.sluice.linux.KernelVersion;
import dev.sluice.linux.Linux;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeImage;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.ScratchMount;
import dev.sluice.ondemand.fuse.FuseBackend.FuseFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Whether the FUSE backend works here: serves a device and reads it through EROFS. */
public final class FuseProbe implements Probe {
    private static final String NAME = "FUSE";

    private final Linux linux;
    private final ErofsMounter erofs;
    private final Path scratch;

    /**
     * @param erofs as the backend would mount
     * @param scratch an existing directory, for a mount point and a metadata image
     */
    public FuseProbe(Linux linux, ErofsMounter erofs, Path scratch) {
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
            KernelVersion kernel = SystemInfo.kernel();
            if (!kernel.isAtLeast(5, 16)) {
                return ProbeResult.notOk(NAME, "EROFS with data devices needs Linux 5.16, this is " + kernel.release());
            }
            if (!Files.exists(Path.of("/dev/fuse"))) {
                return ProbeResult.notOk(NAME, "there is no /dev/fuse");
            }
            return probe();
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, "the probe failed: " + e.getMessage());
        }
    }

    private ProbeResult probe() throws IOException {
        try (ScratchMount mount = ScratchMount.create(linux, scratch);
                FuseBackend backend = FuseBackend.start(
                        linux,
                        mount.directory().resolve("fuse"),
                        FuseOptions.defaults(),
                        erofs,
                        BootId.current(),
                        Keeper.NONE);
                FuseFile file = backend.expose("0", new PresentLayer(ProbeImage.data()))) {
            mount.mount(erofs, file.path());
            boolean same = Arrays.equals(Files.readAllBytes(mount.file()), ProbeImage.data());
            mount.unmount();
            return same
                    ? ProbeResult.ok(
                            NAME,
                            "a device was read through FUSE 7."
                                    + backend.connection().minor() + " and EROFS on " + erofs.way())
                    : ProbeResult.notOk(NAME, "a device reads wrong through FUSE and EROFS");
        }
    }
}
