package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointsTest {
    private static final Task TASK = new Task("test", "host");
    private final Endpoints endpoints = new Endpoints(Set.of("plain.example", "half.example:8080", "[2001:db8::1]"));

    @ParameterizedTest
    @CsvSource({
        "docker.io, https://registry-1.docker.io/v2/",
        "ghcr.io, https://ghcr.io/v2/",
        "host.example:5000, https://host.example:5000/v2/",
        "localhost, http://localhost/v2/",
        "localhost:5000, http://localhost:5000/v2/",
        "127.0.0.1:5000, http://127.0.0.1:5000/v2/",
        "127.1.2.3:5000, http://127.1.2.3:5000/v2/",
        "[::1]:5000, http://[::1]:5000/v2/",
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
    void useTlsUnlessLoopbackOrConfigured(String host, String base) throws Exception {
        assertThat(endpoints.of(host, TASK).base()).hasToString(base);
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
    })
    void doNotGiveUpTls(String from, String to, boolean allowed) {
        assertThat(endpoints.allows(HttpUrl.get(from), HttpUrl.get(to))).isEqualTo(allowed);
    }

    @Test
    void ownOnlyTheirOrigin() throws Exception {
        Endpoint endpoint = endpoints.of("host.example", TASK);

        assertThat(endpoint.owns(HttpUrl.get("https://host.example/other"))).isTrue();
        assertThat(endpoint.owns(HttpUrl.get("https://host.example:444/v2/"))).isFalse();
        assertThat(endpoint.owns(HttpUrl.get("http://host.example/v2/"))).isFalse();
        assertThat(endpoint.owns(HttpUrl.get("https://cdn.host.example/v2/"))).isFalse();
    }
}
