package dev.sluice.registry;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.RequestBody;

/**
 * PUT of a manifest or index, by digest or else by tag. The result is the subject that the registry says it has noticed
 * ({@code OCI-Subject}); a malformed one counts as none.
 */
record ManifestPut(ImageReference reference, String mediaType, byte[] content) implements ApiRequest<Optional<Digest>> {
    @Override
    public String action() {
        return "push the manifest " + reference;
    }

    @Override
    public String towards() {
        return "to";
    }

    @Override
    public String method() {
        return "PUT";
    }

    @Override
    public String path() {
        return ManifestPull.path(reference);
    }

    @Override
    public Map<String, String> headers() {
        return Map.of("Content-Type", mediaType);
    }

    @Override
    public Optional<RequestBody> body() {
        return Optional.of(RequestBody.create(content));
    }

    @Override
    public String scope() {
        return RepositoryScope.push(reference);
    }

    @Override
    public Set<Capability> needs() {
        return Set.of(Capability.PUSH);
    }

    @Override
    public boolean accepts(int status) {
        return status == 201;
    }

    @Override
    public Optional<Digest> handle(Exchange exchange, Task task) throws RegistryException {
        Optional<Digest> stored = ManifestPull.contentDigest(exchange, task);
        if (stored.isPresent() && !stored.get().matches(content)) {
            throw task.protocol("the registry stored it as " + stored.get());
        }
        Optional<Digest> subject;
        try {
            subject = exchange.header("OCI-Subject").map(Digest::parse);
        } catch (IllegalArgumentException e) {
            subject = Optional.empty();
        }
        exchange.close();
        return subject;
    }
}
