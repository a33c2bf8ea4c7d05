package dev.sluice.layer.estargz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.NoImage;
import dev.sluice.layer.TarBuilder;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Layers that ctr-remote converted come out as containerd itself unpacks their originals: names, attributes, contents. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EstargzToolTest {
    private static final String ORIGINAL = "example.com/original:1";
    private static final String CONVERTED = "example.com/converted:1";
    /** Version 2, permitted: CAP_NET_BIND_SERVICE. */
    private static final byte[] CAPABILITY = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    private final Random random = new Random(42);
    private final List<AutoCloseable> started = new ArrayList<>();

    @TempDir
    static Path directory;

    @BeforeAll
    void importTheOriginal() throws IOException {
        assumeTrue(PrivateContainerd.isInstalled(), "skipped: needs " + PrivateContainerd.TOOLS);
        assumeTrue(Linux.load().lstat(Path.of("/proc/self")).uid() == 0, "skipped: containerd needs root");
        assumeTrue(Files.readString(Path.of("/proc/filesystems")).contains("overlay"), "skipped: needs overlayfs");
        PrivateContainerd containerd = PrivateContainerd.start(directory);
        started.add(containerd);
        containerd.importImage(ORIGINAL, List.of(lower(), upper()));
    }

    @AfterAll
    void stop() throws Exception {
        for (AutoCloseable each : started) {
            each.close();
        }
    }

    @Test
    void withTheToolsOwnChunks() throws IOException {
        containerd().run("ctr-remote", "images", "optimize", "--oci", "--no-optimize", ORIGINAL, CONVERTED);
        assertIsAsUnpacked();
    }

    @Test
    void withSmallChunks() throws IOException {
        containerd()
                .run(
                        "ctr-remote",
                        "images",
                        "convert",
                        "--estargz",
                        "--oci",
                        "--estargz-chunk-size",
                        "100000",
                        ORIGINAL,
                        CONVERTED);
        assertIsAsUnpacked();
    }

    private void assertIsAsUnpacked() throws IOException {
        JsonNode layers = containerd().manifest(CONVERTED).get("layers");
        assertThat(layers).hasSize(2);
        for (int i = 0; i < 2; i++) {
            JsonNode layer = layers.get(i);
            byte[] blob = containerd().content(layer.get("digest").asText());
            LayerDescriptor descriptor = new LayerDescriptor(
                    layer.get("mediaType").asText(),
                    layer.get("digest").asText(),
                    layer.get("size").asLong(),
                    new ObjectMapper()
                            .convertValue(layer.get("annotations"), new TypeReference<Map<String, String>>() {}));
            Result result = new EstargzFormat().read(descriptor, new BytesBlob(blob), new NoImage());
            LayerIndex index = ((Result.Indexed) result).index();
            assertThat(TreeDescription.of(index, blob))
                    .containsExactlyEntriesOf(TreeDescription.of(containerd().unpacked(i + 1)));
        }
    }

    private PrivateContainerd containerd() {
        return (PrivateContainerd) started.get(0);
    }

    private byte[] lower() {
        return new TarBuilder()
                .directory("etc/", 0755, attributes(0, 0))
                .file("etc/gone", attributes(0, 0), bytes(10))
                .directory("etc/opaque/", 0755, attributes(0, 0))
                .file("etc/opaque/hidden", attributes(0, 0), bytes(10))
                .build();
    }

    private byte[] upper() {
        String deep = "deep/" + "directory/".repeat(30);
        return new TarBuilder()
                .directory("./", 0700, attributes(5, 5))
                .directory("./etc/", 0750, attributes(1, 2))
                .file("./etc/.wh.gone", attributes(7, 8), new byte[0])
                .directory("./etc/opaque/", 0755, attributes(0, 0))
                .file("./etc/opaque/.wh..wh..opq", attributes(0, 0), new byte[0])
                .file("./large", attributes(0, 0), bytes(1_234_567))
                .file("./empty", attributes(0, 0), new byte[0])
                .file("./su", mode(04755, Map.of()), bytes(5000))
                .file("./bind", mode(0755, Map.of("security.capability", CAPABILITY)), bytes(1))
                .file("./x", mode(0600, Map.of("user.a", "1".getBytes(UTF_8), "trusted.b", new byte[2])), bytes(4096))
                .directory("./tmp/", 01777, attributes(0, 0))
                .hardLink("./etc/also-large", attributes(0, 0), "./large")
                .hardLink("./and-large", mode(0604, Map.of()), "./etc/also-large")
                .symlink("./link", attributes(9, 9), "../nowhere")
                .hardLink("./same-link", attributes(9, 9), "./link")
                .fifo("./fifo", attributes(0, 0))
                .charDevice("./null", attributes(0, 0), 1, 3)
                .blockDevice("./disk", attributes(0, 0), 259, 70_000)
                .file("./ünï/文件", attributes(0, 0), bytes(100))
                .file("./" + deep + "file", attributes(0, 0), bytes(3))
                .file("./replaced", attributes(0, 0), bytes(3000))
                .symlink("./replaced", attributes(0, 0), "etc")
                .directory("./became/", 0755, attributes(0, 0))
                .file("./became/gone", attributes(0, 0), bytes(100))
                .file("./became", attributes(0, 0), bytes(100))
                .directory("./etc/", 0755, attributes(3, 4))
                .build();
    }

    private static Attributes attributes(int uid, int gid) {
        return new Attributes(0644, uid, gid, 1_700_000_000, 0, Map.of());
    }

    private static Attributes mode(int mode, Map<String, byte[]> xattrs) {
        return new Attributes(mode, 70_000, 80_000, 1_234_567_890, 0, xattrs);
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
