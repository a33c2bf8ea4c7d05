package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.file.Path;

/** A file of the metadata store is not what was written; the message says where. Nothing was changed. */
public final class CorruptStoreException extends IOException {
    CorruptStoreException(Path file, long offset, String what) {
        super("Tried to read " + file + " but failed because: it is corrupt at byte " + offset + ": " + what);
    }
}
