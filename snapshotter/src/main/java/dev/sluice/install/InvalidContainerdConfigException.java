package dev.sluice.install;

import java.io.IOException;

/** containerd's configuration cannot be understood, or not be changed as it has to be. The message is one sentence with the file. */
public final class InvalidContainerdConfigException extends IOException {
    private static final long serialVersionUID = 1;

    public InvalidContainerdConfigException(String message) {
        super(message);
    }

    public InvalidContainerdConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
