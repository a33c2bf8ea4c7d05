package dev.sluice.registry;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.HttpUrl;

/**
 * A host that is asked for the content of a registry: the registry itself, or a mirror of it. Compared by identity. Safe for use by
 * many threads.
 */
final class Endpoint {
    private static final String DOCKER_HOST = "docker.io";
    static final String DOCKER_SERVER = "registry-1.docker.io";

    private final String registry;
    private final String authority;
    private final HttpUrl base;
    private final Optional<HttpUrl> plainBase;
    private final Set<Capability> capabilities;
    private final Map<String, List<String>> headers;
    private final Line line;
    private volatile boolean plain;

    /** How requests get there. */
    interface Line {
        /** @throws RegistryException if the configuration of this host does not allow any */
        Transport transport(Task task) throws RegistryException;
    }

    /**
     * @param registry whose content is asked for, as in {@link ImageReference#host}
     * @param authority host and port as configured
     * @param base where the API is; ends in {@code /}
     * @param plainBase where it is if the host turns out not to speak TLS
     * @param headers sent with every request; they may be secrets
     */
    Endpoint(
            String registry,
            String authority,
            HttpUrl base,
            Optional<HttpUrl> plainBase,
            Set<Capability> capabilities,
            Map<String, List<String>> headers,
            Line line) {
        this.registry = registry;
        this.authority = authority;
        this.base = base;
        this.plainBase = plainBase;
        this.capabilities = Set.copyOf(capabilities);
        this.headers = Map.copyOf(headers);
        this.line = line;
    }

    /** Where a path of the API is; mirrors are told which registry is meant. */
    HttpUrl url(String path) {
        return url(path, Optional.empty());
    }

    /** @param query encoded, without its question mark */
    HttpUrl url(String path, Optional<String> query) {
        HttpUrl.Builder url = base().newBuilder().addPathSegments(path);
        query.ifPresent(url::encodedQuery);
        if (isMirror()) {
            url.setQueryParameter("ns", registry);
        }
        return url.build();
    }

    /** Where the API is, as far as is known. */
    HttpUrl base() {
        return plain ? plainBase.orElse(base) : base;
    }

    private boolean isMirror() {
        return !authority.equals(registry) && !(registry.equals(DOCKER_HOST) && authority.equals(DOCKER_SERVER));
    }

    /** For which host credentials are looked up. */
    String credentialHost() {
        return authority.equals(DOCKER_SERVER) || authority.equals("index.docker.io")
                ? DOCKER_HOST
                : authority.toLowerCase(Locale.ROOT);
    }

    /** For messages: whose content is asked for and, if that is somebody else, who is asked. */
    String shown() {
        return isMirror() ? registry + " by its mirror " + authority : registry;
    }

    /** For messages: who is asked. */
    String authority() {
        return authority;
    }

    boolean can(Set<Capability> needed) {
        return capabilities.containsAll(needed);
    }

    Map<String, List<String>> headers() {
        return headers;
    }

    Transport transport(Task task) throws RegistryException {
        return line.transport(task);
    }

    /** Whether credentials for this endpoint may go to a URL. */
    boolean owns(HttpUrl url) {
        return isOrigin(base, url)
                || plainBase.filter(origin -> isOrigin(origin, url)).isPresent();
    }

    private static boolean isOrigin(HttpUrl origin, HttpUrl url) {
        return url.scheme().equals(origin.scheme()) && url.host().equals(origin.host()) && url.port() == origin.port();
    }

    /** The same without TLS, if that may be tried after a failure. */
    Optional<HttpUrl> fallback(HttpUrl url, IOException failure) {
        if (plainBase.isEmpty() || !isOrigin(base, url)) {
            return Optional.empty();
        }
        HttpUrl other = plainBase.get();
        boolean otherPort = other.port() != base.port();
        return Failures.isNotTls(failure) || (otherPort && Failures.isUnreached(failure))
                ? Optional.of(url.newBuilder().scheme("http").port(other.port()).build())
                : Optional.empty();
    }

    /** The host has answered to plain HTTP. */
    void speaksPlainHttp() {
        plain = true;
    }

    /** What was found out about TLS may not hold any more. */
    void forgetPlainHttp() {
        plain = false;
    }
}
