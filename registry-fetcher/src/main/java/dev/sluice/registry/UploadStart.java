package dev.sluice.registry;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import okhttp3.HttpUrl;
import okhttp3.RequestBody;

/**
 * POST that asks where a blob may be put. One that comes to nothing leaves an empty upload behind, which registries throw away.
 *
 * @param mayFollow whether a URL that came from another may be spoken to, as in {@link Endpoints#allows}
 */
record UploadStart(ImageReference repository, Digest blob, BiPredicate<HttpUrl, HttpUrl> mayFollow)
        implements ApiRequest<HttpUrl> {
    @Override
    public String action() {
        return "push the blob " + blob;
    }

    @Override
    public String towards() {
        return "to";
    }

    @Override
    public String method() {
        return "POST";
    }

    @Override
    public String path() {
        return repository.repository() + "/blobs/uploads/";
    }

    @Override
    public Map<String, String> headers() {
        return Map.of();
    }

    @Override
    public Optional<RequestBody> body() {
        return Optional.of(RequestBody.create(new byte[0]));
    }

    @Override
    public String scope() {
        return RepositoryScope.push(repository);
    }

    @Override
    public Set<Capability> needs() {
        return Set.of(Capability.PUSH);
    }

    @Override
    public boolean accepts(int status) {
        return status == 202;
    }

    /** The location: absolute or relative, here or elsewhere. Its query may be a signature, so it is never shown. */
    @Override
    public HttpUrl handle(Exchange exchange, Task task) throws RegistryException {
        HttpUrl location =
                exchange.header("Location").map(exchange.url()::resolve).orElse(null);
        if (location == null
                || !location.username().isEmpty()
                || !location.password().isEmpty()) {
            throw task.protocol("the registry does not say where the bytes are to go");
        }
        if (!mayFollow.test(exchange.url(), location)) {
            throw task.protocol(
                    "the registry wants the bytes at " + location.host() + ", which would be spoken to without TLS");
        }
        exchange.close();
        return location;
    }
}
