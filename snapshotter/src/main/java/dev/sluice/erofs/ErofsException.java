package dev.sluice.erofs;

import java.io.IOException;

/** Entries that cannot become an EROFS image, or an image that breaks a rule of the format; the message says which. */
public final class ErofsException extends IOException {
    public ErofsException(String message) {
        super(message);
    }

    public ErofsException(String message, Throwable cause) {
        super(message, cause);
    }
}
