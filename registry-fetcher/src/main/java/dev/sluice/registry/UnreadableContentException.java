package dev.sluice.registry;

import java.io.IOException;

/** What was to be sent could not be read on this machine. */
final class UnreadableContentException extends IOException {
    private static final long serialVersionUID = 1;

    UnreadableContentException(IOException cause) {
        super("what is to be pushed could not be read: " + cause.getMessage(), cause);
    }
}
