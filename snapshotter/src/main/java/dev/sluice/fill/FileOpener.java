package dev.sluice.fill;

import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.file.Path;

/** Opens files in a way that a backend needs. Safe for use by many threads. */
public interface FileOpener {
    /** Opens a file for reading and writing, and creates it, for its owner only, if there is none. The caller owns it. */
    LinuxFile open(Path path) throws IOException;
}
