package dev.sluice.daemon;

/** The configuration, or an option of the command line that overrides it, is wrong. The message is one sentence for the user. */
public final class InvalidConfigException extends Exception {
    private static final long serialVersionUID = 1;

    public InvalidConfigException(String message) {
        super(message);
    }

    public InvalidConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
