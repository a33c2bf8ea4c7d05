package dev.sluice.credentials;

/** Names of images as Kubernetes matches them. */
final class Images {
    private Images() {}

    /** @param repository empty for the whole registry */
    static String name(String host, String repository) {
        return repository.isEmpty() ? host : host + "/" + repository;
    }
}
