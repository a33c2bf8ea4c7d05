package dev.sluice.ondemand.cachefiles;

import dev.sluice.linux.KernelVersion;
import dev.sluice.linux.Linux;
import dev.sluice.linux.SystemInfo;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.Probe;
import dev.sluice.ondemand.ProbeResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether the cachefiles backend works here: makes a cache, and reads an image from it through EROFS. */
public final class CachefilesProbe implements Probe {
    private static final String NAME = "cachefiles on demand";

    private final Linux linux;
    private final Path scratch;

    /** @param scratch an existing directory, for a cache and a mount point */
    public CachefilesProbe(Linux linux, Path scratch) {
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
            if (!kernel.isAtLeast(5, 19)) {
                return ProbeResult.notOk(NAME, "it needs Linux 5.19 to 7.1, this is " + kernel.release());
            }
            if (!Files.exists(CachefilesBackend.DEVICE)) {
                return ProbeResult.notOk(
                        NAME,
                        "there is no " + CachefilesBackend.DEVICE
                                + " (module cachefiles, built with CONFIG_CACHEFILES_ONDEMAND; most distributions have it off)");
            }
            return probe();
        } catch (IOException e) {
            return ProbeResult.notOk(NAME, String.valueOf(e.getMessage()));
        }
    }

    private ProbeResult probe() throws IOException {
        Path directory = Files.createTempDirectory(scratch, "cachefiles-");
        try {
            CachefilesOptions options =
                    new CachefilesOptions(directory.toAbsolutePath(), "sluice-probe", CullLimits.DEFAULT, 1);
            try (CachefilesBackend backend = CachefilesBackend.start(linux, options, Keeper.NONE, scratch)) {
                return ProbeResult.ok(NAME, "an image was read from the kernel's cache through EROFS");
            }
        } finally {
            CacheDirectory.deleteTree(directory);
        }
    }
}
