package dev.sluice.image;

import java.io.IOException;

/** A manifest or config is not what the OCI image spec says, or the two contradict each other. */
public final class InvalidImageException extends IOException {
    private static final long serialVersionUID = 1;

    InvalidImageException(String message) {
        super(message);
    }

    InvalidImageException(String message, Throwable cause) {
        super(message, cause);
    }
}
