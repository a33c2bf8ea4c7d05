package dev.sluice.layer.tar;

import java.io.IOException;

/** The bytes that came are not those that the manifest names. */
public final class DigestMismatchException extends IOException {
    DigestMismatchException(String message) {
        super(message);
    }
}
