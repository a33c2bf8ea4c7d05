package dev.sluice.registry;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** GET of a manifest or index, by digest or else by tag. */
record ManifestPull(ImageReference reference, int maxBytes) implements ApiRequest<Fetched> {
    @Override
    public String action() {
        return "fetch the manifest " + reference;
    }

    @Override
    public String method() {
        return "GET";
    }

    @Override
    public String path() {
        return path(reference);
    }

    /** The path of a manifest, by digest or else by tag. */
    static String path(ImageReference reference) {
        String version = reference
                .digest()
                .map(Digest::toString)
                .or(reference::tag)
                .orElseThrow(() -> new IllegalArgumentException(reference + " has neither tag nor digest"));
        return reference.repository() + "/manifests/" + version;
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
        return needs(reference);
    }

    /** What a tag stands for is asked only of hosts that are trusted with it. */
    static Set<Capability> needs(ImageReference reference) {
        return reference.digest().isPresent() ? Set.of(Capability.PULL) : Set.of(Capability.PULL, Capability.RESOLVE);
    }

    @Override
    public boolean accepts(int status) {
        return status == 200;
    }

    @Override
    public Fetched handle(Exchange exchange, Task task) throws IOException {
        byte[] content = Bodies.read(exchange, maxBytes, task);
        Optional<Digest> announced = contentDigest(exchange, task);
        Optional<Digest> expected = reference.digest().or(() -> announced);
        if (expected.isPresent() && !expected.get().matches(content)) {
            throw task.protocol("the bytes do not have the digest " + expected.get());
        }
        Digest digest = expected.orElseGet(() -> Digest.sha256(content));
        String mediaType = mediaType(exchange, content, task);
        exchange.close();
        return new Fetched(content, new Descriptor(mediaType, digest, content.length));
    }

    /** What the header of the distribution spec says. */
    static Optional<Digest> contentDigest(Exchange exchange, Task task) throws RegistryException {
        Optional<String> header = exchange.header("Docker-Content-Digest");
        try {
            return header.map(Digest::parse);
        } catch (IllegalArgumentException e) {
            throw task.protocol("the registry announced a malformed digest", e);
        }
    }

    /** The header's where it names a known type; some servers say just JSON, then the document must tell. */
    private static String mediaType(Exchange exchange, byte[] content, Task task) throws RegistryException {
        Optional<String> header = exchange.contentType().filter(t -> MediaTypes.isManifest(t) || MediaTypes.isIndex(t));
        try {
            return header.isPresent() ? header.get() : ManifestParser.mediaTypeOf(content);
        } catch (InvalidManifestException e) {
            throw task.protocol(String.valueOf(e.getMessage()), e);
        }
    }
}
