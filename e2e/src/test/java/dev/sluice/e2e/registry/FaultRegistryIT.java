package dev.sluice.e2e.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** As long as it is not told to misbehave, nobody can tell it from the real registry by what it answers. */
@TestInstance(Lifecycle.PER_CLASS)
class FaultRegistryIT {
    private static final List<String> TELLING = List.of(
            "content-type",
            "content-length",
            "content-range",
            "accept-ranges",
            "docker-content-digest",
            "docker-distribution-api-version",
            "etag");
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final byte[] CONTENT = new byte[100_000];

    static {
        new Random(5).nextBytes(CONTENT);
    }

    private final TestBed bed;
    private final RegistryProcess real;
    private final FaultRegistry faulty;
    private final String layer;

    FaultRegistryIT() throws IOException {
        bed = TestBed.create(Path.of("/var/tmp"));
        real = bed.add(RegistryProcess.start(bed.directory("r")));
        faulty = bed.add(FaultRegistry.start(real.port(), Optional.empty()));
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", List.of(List.of(TarEntry.file("file", CONTENT))));
        ImagePublisher.push(layout, "latest", real.address() + "/app:v1");
        layer = RemoteManifest.fetch(real.address() + "/app:v1")
                .layers()
                .get(0)
                .path("digest")
                .asText();
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    private record Seen(int status, Map<String, String> headers, List<Byte> body) {}

    private static Seen ask(String address, String method, String path, Map<String, String> headers)
            throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://" + address + path))
                .method(method, HttpRequest.BodyPublishers.noBody());
        headers.forEach(request::header);
        HttpResponse<byte[]> response =
                HttpClient.newHttpClient().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        Map<String, String> telling = new LinkedHashMap<>();
        TELLING.forEach(name -> response.headers().firstValue(name).ifPresent(value -> telling.put(name, value)));
        List<Byte> body = new java.util.ArrayList<>();
        for (byte b : response.body()) {
            body.add(b);
        }
        return new Seen(response.statusCode(), telling, body);
    }

    private Seen assertSame(int status, String method, String path, Map<String, String> headers) throws Exception {
        Seen expected = ask(real.address(), method, path, headers);
        assertThat(expected.status()).as(method + " " + path + " " + headers).isEqualTo(status);
        assertThat(ask(faulty.address(), method, path, headers))
                .as(method + " " + path + " " + headers)
                .isEqualTo(expected);
        return expected;
    }

    @Test
    void itAnswersAsTheRealOneDoes() throws Exception {
        String blob = "/v2/app/blobs/" + layer;
        String missing = "sha256:" + "0".repeat(64);
        for (String method : List.of("GET", "HEAD")) {
            assertSame(200, method, "/v2/", Map.of());
            assertSame(200, method, "/v2/app/manifests/v1", Map.of("Accept", MANIFEST));
            assertSame(404, method, "/v2/app/manifests/v2", Map.of("Accept", MANIFEST));
            assertSame(404, method, "/v2/other/manifests/v1", Map.of("Accept", MANIFEST));
            assertSame(404, method, "/v2/app/blobs/" + missing, Map.of());
            assertSame(200, method, blob, Map.of());
        }
        for (String range : List.of("bytes=0-0", "bytes=17-4711", "bytes=1000-", "bytes=-5")) {
            Seen seen = assertSame(206, "GET", blob, Map.of("Range", range));
            assertThat(seen.headers()).containsKey("content-range");
        }
    }

    @Test
    void itMisbehavesAsOftenAsItIsTold() throws Exception {
        String blob = "/v2/app/blobs/" + layer;
        Map<String, String> range = Map.of("Range", "bytes=0-99");
        Seen good = ask(real.address(), "GET", blob, range);

        faulty.misbehave(Fault.wrongBytes(), 1);
        Seen wrong = ask(faulty.address(), "GET", blob, range);
        assertThat(wrong.headers()).isEqualTo(good.headers());
        assertThat(wrong.body()).hasSameSizeAs(good.body()).isNotEqualTo(good.body());
        assertThat(ask(faulty.address(), "GET", blob, range)).isEqualTo(good);
        assertThat(faulty.met()).isEqualTo(1);

        faulty.misbehave(Fault.status(503), 2);
        assertThat(ask(faulty.address(), "GET", "/v2/app/manifests/v1", Map.of("Accept", MANIFEST))
                        .status())
                .isEqualTo(200);
        assertThat(ask(faulty.address(), "GET", blob, range).status()).isEqualTo(503);
        faulty.behave();
        assertThat(ask(faulty.address(), "GET", blob, range)).isEqualTo(good);
    }
}
