package dev.sluice.containerd;

import java.io.IOException;

/** containerd could not be asked, or its answer is of no use. The message is one sentence. */
public final class ContainerdException extends IOException {
    private static final long serialVersionUID = 1;

    ContainerdException(String message) {
        super(message);
    }

    ContainerdException(String message, Throwable cause) {
        super(message, cause);
    }
}
