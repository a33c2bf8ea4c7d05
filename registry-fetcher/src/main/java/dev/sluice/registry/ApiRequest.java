package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;
import okhttp3.RequestBody;

/**
 * One operation of the distribution API: what is sent, and what is made of a good answer. Immutable.
 *
 * @param <T> what is made of the answer
 */
interface ApiRequest<T> {
    /** Completes "Tried to", for messages. */
    String action();

    /** Comes between the action and the host, for messages. */
    default String towards() {
        return "from";
    }

    /** Of HTTP. */
    String method();

    /** Below {@code /v2/}. */
    String path();

    /** Where it is sent to. */
    default HttpUrl url(Endpoint endpoint) {
        return endpoint.url(path());
    }

    /** What is sent with it; present for POST and PUT. */
    default Optional<RequestBody> body() {
        return Optional.empty();
    }

    /** Whether sending it may take as long as the whole call, and not only as long as one request may. */
    default boolean isLong() {
        return false;
    }

    /** Whether it may be sent again after it failed: what it did by then does no harm. */
    default boolean isRepeatable() {
        return true;
    }

    /** Whether only the registry itself is asked, and no mirror. */
    default boolean onlyItself() {
        return writes();
    }

    /** Whether it changes what the registry has. */
    default boolean writes() {
        return needs().contains(Capability.PUSH);
    }

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
