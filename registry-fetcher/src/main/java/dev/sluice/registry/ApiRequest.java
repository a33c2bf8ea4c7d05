package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Set;

/**
 * One operation of the distribution API: what is sent, and what is made of a good answer. Immutable.
 *
 * @param <T> what is made of the answer
 */
interface ApiRequest<T> {
    /** Completes "Tried to", for messages. */
    String action();

    /** GET or HEAD. */
    String method();

    /** Below {@code /v2/}. */
    String path();

    /** Besides those that every request has. */
    Map<String, String> headers();

    /** Which the token must cover. */
    String scope();

    /** What a host must be trusted with to be asked this. */
    default Set<Capability> needs() {
        return Set.of(Capability.PULL);
    }

    /** Whether an answer with this status goes to {@link #handle}. */
    boolean accepts(int status);

    /**
     * Makes the result of a good answer.
     *
     * @param exchange closed by the caller if this throws; otherwise by this method, or by the result
     * @throws IOException if reading fails
     * @throws RegistryException if the answer is not what it should be
     */
    T handle(Exchange exchange, Task task) throws IOException;
}
