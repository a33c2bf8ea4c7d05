package dev.sluice.registry;

import java.time.Duration;
import java.util.Optional;

/**
 * What is being tried, for the messages of exceptions.
 *
 * @param action completes "Tried to"
 * @param towards comes between the action and the host
 * @param host where
 */
record Task(String action, String towards, String host) {
    /** Of something that is read. */
    Task(String action, String host) {
        this(action, "from", host);
    }

    static Task of(ApiRequest<?> request, String host) {
        return new Task(request.action(), request.towards(), host);
    }

    RegistryException.NotFound notFound(String reason) {
        return new RegistryException.NotFound(message(reason));
    }

    RegistryException.Unauthorized unauthorized(String reason) {
        return new RegistryException.Unauthorized(message(reason), Optional.empty());
    }

    RegistryException.Unauthorized unauthorized(String reason, Throwable cause) {
        return new RegistryException.Unauthorized(message(reason), Optional.of(cause));
    }

    RegistryException.Unsupported unsupported(String reason) {
        return new RegistryException.Unsupported(message(reason));
    }

    RegistryException.Unavailable unavailable(String reason) {
        return new RegistryException.Unavailable(message(reason), Optional.empty(), Optional.empty());
    }

    RegistryException.Unavailable unavailable(String reason, Optional<Duration> retryAfter) {
        return new RegistryException.Unavailable(message(reason), retryAfter, Optional.empty());
    }

    RegistryException.Unavailable unavailable(String reason, Throwable cause) {
        return new RegistryException.Unavailable(message(reason), Optional.empty(), Optional.of(cause));
    }

    RegistryException.Protocol protocol(String reason) {
        return new RegistryException.Protocol(message(reason), Optional.empty());
    }

    RegistryException.Protocol protocol(String reason, Throwable cause) {
        return new RegistryException.Protocol(message(reason), Optional.of(cause));
    }

    private String message(String reason) {
        return "Tried to " + action + " " + towards + " " + host + " but failed because: " + reason;
    }
}
