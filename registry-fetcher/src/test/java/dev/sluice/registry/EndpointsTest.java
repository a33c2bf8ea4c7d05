package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.ConnectException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointsTest {
    private static final Task TASK = new Task("test", "host");
    private final Transport transport = new Transport(RegistryOptions.defaults(), new OkHttpClient(), new Traffic());
    private final Endpoints endpoints = new Endpoints(
            Set.of("plain.example", "half.example:8080", "[2001:db8::1]", "127.0.0.9"),
            new HostDirectories(List.of()),
            transport);

    private Endpoint endpoint(String host) throws RegistryException {
        List<Endpoint> all = endpoints.of(host, TASK);
        assertThat(all).hasSize(1);
        return all.get(0);
    }

    @ParameterizedTest
    @CsvSource({
        "docker.io, https://registry-1.docker.io/v2/",
        "ghcr.io, https://ghcr.io/v2/",
        "host.example:5000, https://host.example:5000/v2/",
        "localhost, https://localhost/v2/",
        "localhost:80, http://localhost/v2/",
        "127.0.0.9:5000, http://127.0.0.9:5000/v2/",
        "sub.localhost:5000, https://sub.localhost:5000/v2/",
        "localhost:5000, https://localhost:5000/v2/",
        "127.0.0.1:5000, https://127.0.0.1:5000/v2/",
        "127.1.2.3:5000, https://127.1.2.3:5000/v2/",
        "[::1]:5000, https://[::1]:5000/v2/",
        "localhost:443, https://localhost/v2/",
        "127.0.0.1.example, https://127.0.0.1.example/v2/",
        "localhost.example, https://localhost.example/v2/",
        "10.0.0.1:5000, https://10.0.0.1:5000/v2/",
        "plain.example, http://plain.example/v2/",
        "plain.example:5000, http://plain.example:5000/v2/",
        "half.example:8080, http://half.example:8080/v2/",
        "half.example, https://half.example/v2/",
        "[2001:db8::1]:5000, http://[2001:db8::1]:5000/v2/",
        "[2001:db8::2]:5000, https://[2001:db8::2]:5000/v2/",
    })
    void beginWithTlsUnlessPort80OfLoopbackOrConfigured(String host, String base) throws Exception {
        assertThat(endpoint(host).base()).hasToString(base);
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.example/, https://b.example/, true",
        "https://a.example/, http://b.example/, false",
        "https://a.example/, http://a.example/, false",
        "https://a.example/, http://127.0.0.1/, false",
        "https://a.example/, http://plain.example/, true",
        "http://localhost:5000/, http://127.0.0.1:9000/, true",
        "http://localhost:5000/, http://b.example/, false",
        "http://plain.example/, http://b.example/, false",
        "http://plain.example/, https://b.example/, true",
        "http://mirror.example:5000/, http://mirror.example:5001/, true",
    })
    void doNotGiveUpTls(String from, String to, boolean allowed) {
        assertThat(endpoints.allows(HttpUrl.get(from), HttpUrl.get(to))).isEqualTo(allowed);
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:5000, true",
        "127.0.0.1:5000, true",
        "[::1]:5000, true",
        "localhost, false",
        "localhost:443, false",
        "sub.localhost:5000, false",
        "host.example:5000, false",
    })
    void fallBackToPlainHttpOnlyOnOtherPortsOfLoopback(String host, boolean fallsBack) throws Exception {
        Endpoint endpoint = endpoint(host);
        HttpUrl url = endpoint.url("team/app/manifests/v1");

        assertThat(endpoint.fallback(url, new SSLException("Unsupported or unrecognized SSL message")))
                .isEqualTo(
                        fallsBack
                                ? Optional.of(HttpUrl.get("http://" + host + "/v2/team/app/manifests/v1"))
                                : Optional.empty());
        assertThat(endpoint.fallback(url, new ConnectException("refused"))).isEmpty();
        assertThat(endpoint.fallback(url, new SSLHandshakeException("Received fatal alert: bad_certificate")))
                .isEmpty();
    }

    @Test
    void ownOnlyTheirOrigin() throws Exception {
        Endpoint endpoint = endpoint("host.example");

        assertThat(endpoint.owns(HttpUrl.get("https://host.example/other"))).isTrue();
        assertThat(endpoint.owns(HttpUrl.get("https://host.example:444/v2/"))).isFalse();
        assertThat(endpoint.owns(HttpUrl.get("http://host.example/v2/"))).isFalse();
        assertThat(endpoint.owns(HttpUrl.get("https://cdn.host.example/v2/"))).isFalse();
    }

    /** Tokens belong to an endpoint: two of the same host would each want their own. */
    @Test
    void areTheSameForThreadsThatAskFirstAtTheSameTime() throws Exception {
        int threads = 4;
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 200; round++) {
                String host = "host" + round + ".example";
                CyclicBarrier together = new CyclicBarrier(threads);
                Callable<Endpoint> ask = () -> {
                    together.await(1, TimeUnit.MINUTES);
                    return endpoint(host);
                };
                Set<Endpoint> found = new HashSet<>();
                for (Future<Endpoint> asked : pool.invokeAll(Collections.nCopies(threads, ask))) {
                    found.add(asked.get());
                }
                assertThat(found).hasSize(1);
            }
        } finally {
            pool.shutdownNow();
        }
    }
}
