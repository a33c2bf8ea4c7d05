package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever way a container reads a file that nothing has read before, it gets the bytes of the image. Each file has a layer of
 * its own, so that no other read can have fetched it on the way; the programs that read are the machine's own, mounted into the
 * container. The daemon fetches nothing that is not asked for.
 */
@TestInstance(Lifecycle.PER_CLASS)
abstract class ColdReads {

    private static final String TOGETHER = "together";
    private static final int PAGE = 4096;
    /** How much of a file {@code ctr-remote} compresses at once: what one range request has to bring. */
    private static final int CHUNK = 4 << 20;

    private static final int READERS = 200;
    /** Not a multiple of anything. */
    private static final int SIZE = CHUNK + (CHUNK >> 1) + 123;

    /** Of each file, in the order of their layers, which lie on top of a layer of directories. */
    private static final List<String> FILES =
            List.of("read", "mmap", "sendfile", "fadvise", "readahead", "exec", TOGETHER);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final SluiceNode node;
    private final RemoteManifest manifest;
    private final ReaderContainer container;

    ColdReads(String backend) throws IOException {
        Machine.assumeRoot();
        assumeTrue(Machine.backends().contains(backend), "auto takes " + backend + " here, if it works");
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String plain = registry.address() + "/cold:plain";
        String reference = registry.address() + "/cold:estargz";
        Path layout = bed.directory("image");
        OciLayout.write(layout, "latest", layers());
        ImagePublisher.push(layout, "latest", plain);
        node = SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                backend,
                SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n");
        Estargz.convert(node.client(), plain, reference);
        manifest = RemoteManifest.fetch(reference);
        node.client().pullLazily(reference, SluiceProcess.NAME);
        container = ReaderContainer.start(bed, node, reference, "reader");
    }

    private static List<List<TarEntry>> layers() throws IOException {
        List<List<TarEntry>> layers = new ArrayList<>();
        layers.add(ReaderContainer.entries());
        for (String name : FILES) {
            layers.add(List.of(
                    TarEntry.directory("cold"),
                    TarEntry.file("cold/" + name, contents(name)).withMode(0755)));
        }
        return layers;
    }

    private static byte[] contents(String name) throws IOException {
        if (name.equals("exec")) {
            return Files.readAllBytes(Path.of("/usr/bin/bash"));
        }
        byte[] bytes = new byte[SIZE + FILES.indexOf(name)];
        new Random(bytes.length).nextBytes(bytes);
        return bytes;
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"read", "mmap", "sendfile", "fadvise", "readahead", "exec"})
    void aColdFileHasTheBytesOfTheImage(String way) throws IOException {
        AccessLog before = registry.accessLog();

        String digest = container.digest(way, "/cold/" + way);

        assertThat(digest).isEqualTo(Digests.sha256(contents(way)));
        await().atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(requests(way, before)).isPositive());
    }

    @Test
    void manyReadersOfOneColdBlockMakeOneRequest() throws IOException {
        AccessLog before = registry.accessLog();
        long requestsBefore = requestsOfDaemon();
        // Far enough from the end of the chunk that the kernel's own read-ahead stays inside.
        int length = CHUNK / 2;

        String digest = container.digest(TOGETHER, "/cold/" + TOGETHER, 0, length, READERS);

        assertThat(digest).isEqualTo(Digests.sha256(pages(contents(TOGETHER), length)));
        assertThat(requestsOfDaemon() - requestsBefore).isEqualTo(1);
        await().atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(requests(TOGETHER, before)).isEqualTo(1));
    }

    /** The pages that the readers read, one after the other. */
    private static byte[] pages(byte[] contents, int length) {
        int step = length / READERS / PAGE * PAGE;
        ByteArrayOutputStream pages = new ByteArrayOutputStream();
        for (int i = 0; i < READERS; i++) {
            pages.write(contents, i * step, PAGE);
        }
        return pages.toByteArray();
    }

    private String layer(String name) {
        return manifest.layers().get(FILES.indexOf(name) + 1).path("digest").asText();
    }

    /** By the registry. */
    private long requests(String name, AccessLog before) throws IOException {
        return registry.accessLog().since(before).requests().stream()
                .filter(request -> request.digest().equals(layer(name)) && request.status() == 206)
                .count();
    }

    /** By the daemon, which counts a request when it begins. */
    private long requestsOfDaemon() throws IOException {
        JsonNode status = node.sluice().status();
        for (JsonNode layer : status.path("layers")) {
            if (layer.path("digest").asText().equals(layer(TOGETHER))) {
                return layer.path("requests").asLong();
            }
        }
        throw new IOException("no layer " + layer(TOGETHER) + " in " + status);
    }
}
