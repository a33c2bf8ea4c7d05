package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The kernel's page, inode and dentry caches. */
public final class PageCache {

    private PageCache() {}

    /** Writes dirty pages back, then drops everything clean, so that what follows starts cold. Needs root. */
    public static void drop() throws IOException {
        Command.of("sync").run();
        Files.writeString(Path.of("/proc/sys/vm/drop_caches"), "3");
    }
}
