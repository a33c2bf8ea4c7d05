package dev.sluice.index;

import java.io.IOException;

/** An index artifact, or what it is made of, is not as it must be, or nobody who is trusted vouches for it. One sentence without a full stop. */
public final class InvalidIndexException extends IOException {
    private static final long serialVersionUID = 1;

    InvalidIndexException(String message) {
        super(message);
    }

    InvalidIndexException(String message, Throwable cause) {
        super(message, cause);
    }
}
