package dev.sluice.ondemand;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.Mounts.UnmountFlag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A temporary directory in which a probe mounts the {@link ProbeImage}. Closing it unmounts and deletes. For use by one thread. */
public final class ScratchMount implements AutoCloseable {
    private final Linux linux;
    private final Path directory;
    private final Path metadata;
    private final Path mountPoint;

    private ScratchMount(Linux linux, Path directory) {
        this.linux = linux;
        this.directory = directory;
        this.metadata = directory.resolve("metadata");
        this.mountPoint = directory.resolve("mount");
    }

    /** @param parent an existing directory */
    public static ScratchMount create(Linux linux, Path parent) throws IOException {
        ScratchMount mount = new ScratchMount(linux, Files.createTempDirectory(parent, "probe-"));
        Files.write(mount.metadata, ProbeImage.metadata());
        Files.createDirectory(mount.mountPoint);
        return mount;
    }

    /** For the probe's own files. */
    public Path directory() {
        return directory;
    }

    /** An empty directory. */
    public Path mountPoint() {
        return mountPoint;
    }

    /** The file whose contents are on the device. */
    public Path file() {
        return mountPoint.resolve(ProbeImage.FILE_NAME);
    }

    public void mount(ErofsMounter erofs, Path device) throws IOException {
        erofs.mount(metadata, device, mountPoint);
    }

    public void unmount() throws IOException {
        linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
    }

    @Override
    public void close() throws IOException {
        if (MountTable.read().at(mountPoint).isPresent()) {
            unmount();
        }
        List<Path> left;
        try (Stream<Path> files = Files.list(directory)) {
            left = files.toList();
        }
        for (Path file : left) {
            Files.delete(file);
        }
        Files.delete(directory);
    }
}
