package dev.sluice.ondemand.cachefiles;

import dev.sluice.linux.Linux;
import dev.sluice.ondemand.ProbeImage;
import dev.sluice.ondemand.ScratchMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** Mounts a tiny image from the kernel's cache and reads it. */
final class CacheProof {
    private final Linux linux;
    private final Cookies cookies;
    private final Path scratch;

    /** @param scratch an existing directory, for a mount point */
    CacheProof(Linux linux, Cookies cookies, Path scratch) {
        this.linux = linux;
        this.cookies = cookies;
        this.scratch = scratch;
    }

    /**
     * @param name for the cookies of the image, used once
     * @throws IOException if it cannot be mounted or read, or reads wrong
     */
    void run(String name) throws IOException {
        Cookie metadata = new Cookie(new ProbeLayer(name + "-metadata", ProbeImage.metadata()));
        Cookie data = new Cookie(new ProbeLayer(name, ProbeImage.data()));
        cookies.add(metadata);
        cookies.add(data);
        try (ScratchMount mount = ScratchMount.create(linux, scratch)) {
            linux.mounts().erofs(metadata.name(), List.of(data.name()), cookies.domain(), mount.mountPoint());
            boolean same = Arrays.equals(Files.readAllBytes(mount.file()), ProbeImage.data());
            mount.unmount();
            if (!same) {
                throw new IOException("an image in the kernel's cache reads wrong");
            }
        } finally {
            cookies.remove(metadata);
            cookies.remove(data);
        }
    }
}
