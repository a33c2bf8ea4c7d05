package dev.sluice.registry;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import okhttp3.HttpUrl;

/** Finds the endpoint of a registry, and decides where TLS may be done without. */
final class Endpoints {
    private static final Pattern LOOPBACK_V4 = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}");

    private final Set<String> plainHttpHosts;

    /** @param plainHttpHosts as in {@link RegistryOptions#plainHttpHosts} */
    Endpoints(Set<String> plainHttpHosts) {
        this.plainHttpHosts = plainHttpHosts;
    }

    /** @throws RegistryException.Protocol if the host cannot stand in a URL */
    Endpoint of(String host, Task task) throws RegistryException {
        String authority = host.equals("docker.io") ? "registry-1.docker.io" : host;
        HttpUrl secure = HttpUrl.parse("https://" + authority + "/v2/");
        HttpUrl plain = HttpUrl.parse("http://" + authority + "/v2/");
        if (secure == null || plain == null) {
            throw task.protocol("the name of the host cannot stand in a URL");
        }
        boolean withoutTls = isConfiguredPlain(plain) || (isLoopback(plain.host()) && plain.port() != 443);
        return new Endpoint(host, withoutTls ? plain : secure);
    }

    /**
     * Whether a URL that came from {@code from} may be followed: TLS is not given up unless the host is configured so.
     */
    boolean allows(HttpUrl from, HttpUrl url) {
        if (url.isHttps() || isConfiguredPlain(url)) {
            return true;
        }
        return !from.isHttps() && isLoopback(url.host());
    }

    private boolean isConfiguredPlain(HttpUrl url) {
        String host = url.host().indexOf(':') >= 0 ? "[" + url.host() + "]" : url.host();
        return plainHttpHosts.contains(host) || plainHttpHosts.contains(host + ":" + url.port());
    }

    private static boolean isLoopback(String host) {
        return host.equals("localhost")
                || host.equals("::1")
                || host.toLowerCase(Locale.ROOT).endsWith(".localhost")
                || LOOPBACK_V4.matcher(host).matches();
    }
}
