package dev.sluice.registry;

import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;

/**
 * GET of a page of the manifests that are about another one.
 *
 * @param next query of the page; absent for the first
 */
record ReferrersPage(
        ImageReference repository, Digest subject, String artifactType, Optional<String> next, int maxBytes)
        implements ApiRequest<ReferrersPage.Page> {

    /**
     * What a page holds.
     *
     * @param referrers of any type: registries need not filter
     * @param next query of the next page
     */
    record Page(List<Descriptor> referrers, Optional<String> next) {}

    @Override
    public String action() {
        return "list what refers to " + repository.withDigest(subject);
    }

    @Override
    public String method() {
        return "GET";
    }

    @Override
    public String path() {
        return repository.repository() + "/referrers/" + subject;
    }

    @Override
    public HttpUrl url(Endpoint endpoint) {
        String query = next.orElseGet(() -> "artifactType=" + URLEncoder.encode(artifactType, StandardCharsets.UTF_8));
        return endpoint.url(path(), Optional.of(query));
    }

    @Override
    public Map<String, String> headers() {
        return Map.of("Accept", MediaTypes.OCI_INDEX);
    }

    @Override
    public String scope() {
        return RepositoryScope.pull(repository);
    }

    @Override
    public Set<Capability> needs() {
        return Set.of(Capability.REFERRERS);
    }

    @Override
    public boolean accepts(int status) {
        return status == 200;
    }

    @Override
    public Page handle(Exchange exchange, Task task) throws IOException {
        byte[] content = Bodies.read(exchange, maxBytes, task);
        Optional<String> following = NextPage.query(exchange);
        exchange.close();
        try {
            return new Page(ImageIndex.parse(content, MediaTypes.OCI_INDEX).manifests(), following);
        } catch (InvalidManifestException e) {
            throw task.protocol("the answer is no list of manifests: " + e.getMessage(), e);
        }
    }
}
