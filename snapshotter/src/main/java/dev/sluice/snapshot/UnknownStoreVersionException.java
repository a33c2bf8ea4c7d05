package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.file.Path;

/** The metadata store was written by another version of this program. Nothing was changed. */
public final class UnknownStoreVersionException extends IOException {
    UnknownStoreVersionException(Path file, int actual, int expected) {
        super("Tried to read " + file + " but failed because: its format has version " + actual
                + ", and this program knows version " + expected);
    }
}
