package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/** HEAD of a manifest or index: its descriptor, absent if the registry does not tell enough. */
record ManifestHead(ImageReference reference) implements ApiRequest<Optional<Descriptor>> {
    @Override
    public String action() {
        return "look up the manifest " + reference;
    }

    @Override
    public String method() {
        return "HEAD";
    }

    @Override
    public String path() {
        return ManifestPull.path(reference);
    }

    @Override
    public Map<String, String> headers() {
        return Map.of("Accept", MediaTypes.ACCEPT_MANIFESTS);
    }

    @Override
    public String scope() {
        return RepositoryScope.pull(reference);
    }

    @Override
    public Set<Capability> needs() {
        return ManifestPull.needs(reference);
    }

    @Override
    public boolean accepts(int status) {
        return status == 200;
    }

    @Override
    public Optional<Descriptor> handle(Exchange exchange, Task task) throws IOException {
        Optional<Digest> digest = ManifestPull.contentDigest(exchange, task);
        Optional<String> mediaType = exchange.contentType();
        OptionalLong size = size(exchange);
        if (digest.isPresent() && reference.digest().isPresent() && !digest.equals(reference.digest())) {
            throw task.protocol("the registry announced the digest " + digest.get());
        }
        exchange.close();
        return digest.isPresent() && mediaType.isPresent() && size.isPresent()
                ? Optional.of(new Descriptor(mediaType.get(), digest.get(), size.getAsLong()))
                : Optional.empty();
    }

    /** From the header: the HTTP library takes the length of an answer to HEAD as that of its body, which is zero. */
    private static OptionalLong size(Exchange exchange) {
        String digits = exchange.header("Content-Length").orElse("");
        return digits.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(digits)) : OptionalLong.empty();
    }
}
