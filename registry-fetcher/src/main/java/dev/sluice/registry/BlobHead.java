package dev.sluice.registry;

import java.util.Map;

/** HEAD of a blob at the registry itself: succeeds if it is there. */
record BlobHead(ImageReference repository, Digest blob) implements ApiRequest<Boolean> {
    @Override
    public String action() {
        return "look up the blob " + blob;
    }

    @Override
    public String method() {
        return "HEAD";
    }

    @Override
    public String path() {
        return repository.repository() + "/blobs/" + blob;
    }

    @Override
    public Map<String, String> headers() {
        return Map.of();
    }

    @Override
    public String scope() {
        return RepositoryScope.pull(repository);
    }

    @Override
    public boolean onlyItself() {
        return true;
    }

    @Override
    public boolean accepts(int status) {
        return status == 200;
    }

    @Override
    public Boolean handle(Exchange exchange, Task task) {
        exchange.close();
        return true;
    }
}
