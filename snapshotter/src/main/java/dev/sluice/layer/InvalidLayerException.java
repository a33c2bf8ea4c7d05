package dev.sluice.layer;

import java.io.IOException;

/** A layer's table of contents or its data break a rule; the message says which. Such a layer is not lazy. */
public final class InvalidLayerException extends IOException {
    public InvalidLayerException(String message) {
        super(message);
    }

    public InvalidLayerException(String message, Throwable cause) {
        super(message, cause);
    }
}
