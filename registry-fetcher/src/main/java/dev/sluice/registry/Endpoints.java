package dev.sluice.registry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/**
 * Finds the endpoints of a registry, and decides where TLS may be done without. What host directories say is read again when it
 * changes. Safe for use by many threads.
 */
final class Endpoints {
    private static final Pattern LOOPBACK_V4 = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");
    private static final Pattern PORT = Pattern.compile(":\\d+$");

    private final Set<String> plainHttpHosts;
    private final HostDirectories directories;
    private final Transport transport;
    private final ConcurrentHashMap<String, Known> known = new ConcurrentHashMap<>();

    private record Known(List<Endpoint> endpoints, FileVersions versions) {}

    /**
     * @param plainHttpHosts as in {@link RegistryOptions#plainHttpHosts}
     * @param transport for hosts without a configuration of their own
     */
    Endpoints(Set<String> plainHttpHosts, HostDirectories directories, Transport transport) {
        this.plainHttpHosts = plainHttpHosts;
        this.directories = directories;
        this.transport = transport;
    }

    /**
     * The hosts that are to be asked for the content of a registry, in this order; the last is the one that counts.
     *
     * @throws RegistryException.Protocol if there is no way to ask anybody
     */
    List<Endpoint> of(String registry, Task task) throws RegistryException {
        try {
            Optional<Known> seen = Optional.ofNullable(known.get(registry));
            if (seen.isPresent() && seen.get().versions.areCurrent()) {
                return seen.get().endpoints;
            }
            Known fresh = read(registry, task);
            // Tokens and health belong to one endpoint: of several threads that read, all take what the first one made.
            return known.compute(
                            registry, (name, now) -> Optional.ofNullable(now).equals(seen) || now == null ? fresh : now)
                    .endpoints;
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw task.protocol("its host directory cannot be read: " + e.getMessage(), e);
        }
    }

    private Known read(String registry, Task task) throws IOException {
        HostDirectories.Found found = directories.find(registry);
        List<Endpoint> endpoints = new ArrayList<>();
        for (HostEntry entry : found.entries()) {
            endpoints.add(endpoint(registry, entry, task));
        }
        return new Known(List.copyOf(endpoints), found.versions());
    }

    private Endpoint endpoint(String registry, HostEntry entry, Task task) throws RegistryException {
        if (entry.address().isPresent()) {
            HostEntry.Address address = entry.address().get();
            return endpoint(registry, address.authority(), address.base(), entry);
        }
        String authority = registry.equals("docker.io") ? Endpoint.DOCKER_SERVER : registry;
        HttpUrl secure = HttpUrl.parse("https://" + authority + "/v2/");
        HttpUrl plain = HttpUrl.parse("http://" + authority + "/v2/");
        if (secure == null || plain == null) {
            throw task.protocol("the name of the host cannot stand in a URL");
        }
        HostEntry itself = entry.withAllCapabilities();
        if (isConfiguredPlain(plain)) {
            return endpoint(registry, authority, plain, itself);
        } else if (!isLocal(plain.host())) {
            return endpoint(registry, authority, secure, itself);
        } else if (isPort80(authority)) {
            return endpoint(registry, authority, plain, itself);
        }
        boolean ambiguous = hasPort(authority) && plain.port() != 443;
        return endpoint(registry, authority, ambiguous ? plain : secure, itself.withoutVerification());
    }

    /** A host that speaks plain HTTP but has settings for TLS is asked with TLS first, unless it is on port 80. */
    private Endpoint endpoint(String registry, String authority, HttpUrl base, HostEntry entry) {
        boolean both = !base.isHttps() && entry.tls().isExplicit() && !isPort80(authority);
        HttpUrl secure = base.newBuilder()
                .scheme("https")
                .port(hasPort(authority) ? base.port() : 443)
                .build();
        return new Endpoint(
                registry,
                authority,
                both ? secure : base,
                both ? Optional.of(base) : Optional.empty(),
                entry.capabilities(),
                entry.headers(),
                line(entry, both));
    }

    private static boolean hasPort(String authority) {
        return PORT.matcher(authority).find();
    }

    private static boolean isPort80(String authority) {
        return authority.endsWith(":80");
    }

    private Endpoint.Line line(HostEntry entry, boolean ambiguous) {
        try {
            Transport own = transport.with(entry.tls(), entry.dialTimeout(), ambiguous);
            return task -> own;
        } catch (IOException e) {
            return task -> {
                throw task.protocol("its TLS configuration cannot be used: " + e.getMessage(), e);
            };
        }
    }

    /**
     * Whether a URL that came from {@code from} may be followed: TLS is not given up unless the host is configured so.
     */
    boolean allows(HttpUrl from, HttpUrl url) {
        if (url.isHttps() || isConfiguredPlain(url)) {
            return true;
        }
        return !from.isHttps() && (isLocal(url.host()) || url.host().equals(from.host()));
    }

    private boolean isConfiguredPlain(HttpUrl url) {
        String host = url.host().indexOf(':') >= 0 ? "[" + url.host() + "]" : url.host();
        return plainHttpHosts.contains(host) || plainHttpHosts.contains(host + ":" + url.port());
    }

    private static boolean isLocal(String host) {
        return host.equals("localhost")
                || host.equals("::1")
                || LOOPBACK_V4.matcher(host).matches();
    }
}
