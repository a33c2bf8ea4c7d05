package dev.sluice.registry;

/** A {@code hosts.toml} cannot be understood. The message quotes no header. */
final class InvalidHostsFileException extends Exception {
    private static final long serialVersionUID = 1;

    InvalidHostsFileException(String message) {
        super(message);
    }
}
