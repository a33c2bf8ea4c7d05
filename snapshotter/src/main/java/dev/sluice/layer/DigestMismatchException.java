package dev.sluice.layer;

import java.io.IOException;

/** The bytes that came are not those that the manifest names. */
public final class DigestMismatchException extends IOException {
    private final boolean blobIsRight;

    public DigestMismatchException(String message) {
        this(message, false);
    }

    public DigestMismatchException(String message, boolean blobIsRight) {
        super(message);
        this.blobIsRight = blobIsRight;
    }

    /** Whether the blob is the one that the manifest names: then it will never have the diff ID that the config names. */
    public boolean blobIsRight() {
        return blobIsRight;
    }
}
