package dev.sluice.ondemand;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the way in which EROFS can be mounted here. */
public final class ErofsMounters {
    private ErofsMounters() {}

    /**
     * A way, and why this one.
     *
     * @param reason a clause, for the log and for people
     */
    public record Choice(ErofsMounter mounter, String reason) {}

    /**
     * Takes regular files if this kernel mounts them, else loop devices. That loop devices work is not tried here.
     *
     * @param scratch an existing directory, on the file system that will hold the layers
     * @throws IOException if the scratch directory cannot be used
     */
    public static Choice choose(Linux linux, Path scratch) throws IOException {
        ErofsMounter files = new FileBackedErofs(linux.mounts());
        try (ScratchMount mount = ScratchMount.create(linux, scratch)) {
            Path device = Files.write(mount.directory().resolve("device"), ProbeImage.data());
            try {
                mount.mount(files, device);
            } catch (LinuxException e) {
                return new Choice(loopDevices(linux), "this kernel takes no regular files: " + e.getMessage());
            }
            return new Choice(files, "this kernel takes them");
        }
    }

    /** The way that needs nothing newer than Linux 5.16. */
    public static ErofsMounter loopDevices(Linux linux) {
        return new LoopErofs(linux.loopDevices(), linux.mounts());
    }
}
