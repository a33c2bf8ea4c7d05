package dev.sluice.registry;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;
import okhttp3.RequestBody;

/**
 * PUT of a whole blob to where {@link UploadStart} was told. Sent once: what the registry made of half a blob, nobody knows.
 *
 * @param location without the digest
 */
record UploadPut(ImageReference repository, Digest blob, BlobContent content, HttpUrl location)
        implements ApiRequest<Boolean> {
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
        return "PUT";
    }

    @Override
    public String path() {
        return repository.repository() + "/blobs/uploads/";
    }

    @Override
    public HttpUrl url(Endpoint endpoint) {
        return location.newBuilder()
                .addQueryParameter("digest", blob.toString())
                .build();
    }

    @Override
    public Map<String, String> headers() {
        return Map.of("Content-Type", "application/octet-stream");
    }

    @Override
    public Optional<RequestBody> body() {
        return Optional.of(content.body());
    }

    @Override
    public boolean isLong() {
        return true;
    }

    @Override
    public boolean isRepeatable() {
        return false;
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
        return status == 201;
    }

    @Override
    public Boolean handle(Exchange exchange, Task task) throws RegistryException {
        Optional<Digest> stored = ManifestPull.contentDigest(exchange, task);
        if (stored.isPresent() && !stored.get().equals(blob)) {
            throw task.protocol("the registry stored it as " + stored.get());
        }
        exchange.close();
        return true;
    }
}
