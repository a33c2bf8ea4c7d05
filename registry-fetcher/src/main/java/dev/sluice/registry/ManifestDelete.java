package dev.sluice.registry;

import java.util.Map;
import java.util.Set;

/** DELETE of a manifest or index, by digest. That it is not there is no failure: an earlier try may have been the one that worked. */
record ManifestDelete(ImageReference reference) implements ApiRequest<Boolean> {
    @Override
    public String action() {
        return "delete the manifest " + reference;
    }

    @Override
    public String method() {
        return "DELETE";
    }

    @Override
    public String path() {
        return ManifestPull.path(reference);
    }

    @Override
    public Map<String, String> headers() {
        return Map.of();
    }

    @Override
    public String scope() {
        return RepositoryScope.delete(reference);
    }

    @Override
    public Set<Capability> needs() {
        return Set.of(Capability.PUSH);
    }

    @Override
    public boolean accepts(int status) {
        return status == 202 || status == 200 || status == 204 || status == 404;
    }

    @Override
    public Boolean handle(Exchange exchange, Task task) {
        exchange.close();
        return true;
    }
}
