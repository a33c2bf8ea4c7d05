package dev.sluice.fill;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Where the files of data devices are. Safe for use by many threads. */
interface DeviceFiles {
    /** Bytes of a file; empty if there is none. */
    OptionalLong size(Path path) throws IOException;

    /** Opens a file for reading and writing, and creates it, for its owner only, if there is none. */
    DeviceFile open(Path path) throws IOException;

    /** Deletes a file if there is one. */
    void delete(Path path) throws IOException;
}
