package dev.sluice.kubernetes;

import java.io.IOException;

/** The API server answered, but not with what was asked for. The message names the status and the reason that the server gave. */
public final class KubernetesException extends IOException {
    private static final long serialVersionUID = 1;

    /** The resource version is too old: list again. */
    static final int GONE = 410;

    private final int status;

    KubernetesException(String message, int status) {
        super(message);
        this.status = status;
    }

    /** Of HTTP. */
    public int status() {
        return status;
    }
}
