package dev.sluice.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Mounts an overlay of more lower directories than one page of options has room for, where the kernel does not take them one by one (before
 * Linux 6.7). They are named by the numbers of open descriptors, seen from {@code /proc/self/fd}: four bytes each instead of a whole path.
 */
final class ManyLowers {
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

    private final Native libc;
    private final OverlayCall overlay;

    /** The mount itself. */
    interface OverlayCall {
        /** @param lowerdir the value of the option, relative to the thread's working directory */
        void mount(String lowerdir) throws LinuxException;
    }

    ManyLowers(Native libc, OverlayCall overlay) {
        this.libc = libc;
        this.overlay = overlay;
    }

    /** @param lowers the topmost first */
    void mount(List<Path> lowers) throws LinuxException {
        List<LinuxFile> open = new ArrayList<>();
        try {
            for (Path lower : lowers) {
                int flags = OpenFlags.O_PATH | OpenFlags.O_DIRECTORY;
                open.add(LinuxFile.open(libc, Native.path(lower), lower.toString(), flags, 0));
            }
            inDescriptors(String.join(
                    ":", open.stream().map(file -> Integer.toString(file.fd())).toList()));
        } finally {
            open.forEach(LinuxFile::close);
        }
    }

    /** In a thread that ends afterwards, as its working directory is then another one than the process's. */
    private void inDescriptors(String lowerdir) throws LinuxException {
        FutureTask<Void> task = new FutureTask<>(() -> {
            ThreadDirectory.unshare(libc).change(DESCRIPTORS);
            overlay.mount(lowerdir);
            return null;
        });
        Thread thread = new Thread(task, "overlay");
        thread.setDaemon(true);
        thread.start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    task.get();
                    return;
                } catch (InterruptedException e) {
                    // The descriptors are needed until the mount is there.
                    interrupted = true;
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinuxException failure) {
                throw failure;
            }
            throw new IllegalStateException("the mount of an overlay failed", e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
