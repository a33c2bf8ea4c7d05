package dev.sluice.registry;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/**
 * A registry could not do what was asked. Messages read "Tried to X from HOST but failed because: Y", or "to" it, and hold no token, no
 * password, and no query of a URL.
 */
public abstract sealed class RegistryException extends IOException {
    private static final long serialVersionUID = 1;

    private RegistryException(String message, Optional<Throwable> cause) {
        super(message, cause.orElse(null));
    }

    /** The registry answered that it has no such repository, tag, manifest or blob. */
    public static final class NotFound extends RegistryException {
        private static final long serialVersionUID = 1;

        NotFound(String message) {
            super(message, Optional.empty());
        }
    }

    /** The registry, or its token server, wants other credentials. Trying again with the same is of no use. */
    public static final class Unauthorized extends RegistryException {
        private static final long serialVersionUID = 1;

        Unauthorized(String message, Optional<Throwable> cause) {
            super(message, cause);
        }
    }

    /** The registry does not do this at all: it is read only, does not delete, or lacks this part of the protocol. */
    public static final class Unsupported extends RegistryException {
        private static final long serialVersionUID = 1;

        Unsupported(String message) {
            super(message, Optional.empty());
        }
    }

    /** Not reached, not in time, or out of order for now; another try later may succeed. */
    public static final class Unavailable extends RegistryException {
        private static final long serialVersionUID = 1;

        private final transient Optional<Duration> retryAfter;

        Unavailable(String message, Optional<Duration> retryAfter, Optional<Throwable> cause) {
            super(message, cause);
            this.retryAfter = retryAfter;
        }

        /** How long the server asked to be left alone. */
        Optional<Duration> retryAfter() {
            return retryAfter;
        }
    }

    /** The answer breaks the protocol, a limit, or the digest that was asked for; or the request is one that is never sent. */
    public static final class Protocol extends RegistryException {
        private static final long serialVersionUID = 1;

        Protocol(String message, Optional<Throwable> cause) {
            super(message, cause);
        }
    }
}
