package dev.sluice.registry;

import java.io.IOException;

/** Bytes are not the manifest or index that they should be. */
public final class InvalidManifestException extends IOException {
    private static final long serialVersionUID = 1;

    InvalidManifestException(String message) {
        super(message);
    }

    InvalidManifestException(String message, Throwable cause) {
        super(message, cause);
    }
}
