package dev.sluice.registry;

import okhttp3.HttpUrl;

/**
 * Where the distribution API of a registry is spoken.
 *
 * @param host the registry's name in image references, for credentials and messages
 * @param base ends in {@code /v2/}
 */
record Endpoint(String host, HttpUrl base) {
    HttpUrl url(String path) {
        return base.newBuilder().addPathSegments(path).build();
    }

    /** Whether credentials for this endpoint may go to a URL. */
    boolean owns(HttpUrl url) {
        return url.scheme().equals(base.scheme()) && url.host().equals(base.host()) && url.port() == base.port();
    }
}
