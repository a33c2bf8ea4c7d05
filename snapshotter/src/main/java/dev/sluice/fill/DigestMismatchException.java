package dev.sluice.fill;

import java.io.IOException;

/** Bytes of a blob do not match the digest that the table of contents names, not from a second source either. */
public final class DigestMismatchException extends IOException {
    public DigestMismatchException(String message) {
        super(message);
    }

    public DigestMismatchException(String message, Throwable cause) {
        super(message, cause);
    }
}
