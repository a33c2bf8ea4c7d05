package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ErofsLayers;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/**
 * Images whose layers are EROFS images, on a second node and where something is wrong with them; {@link FrailFormsIT} sees how they look.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ErofsLayersIT {
    private final TestBed bed;
    private final RegistryProcess registry;
    private final SluiceNode node;
    private final Path debian;

    ErofsLayersIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "mkfs.erofs", "setfattr");
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        node = SluiceNode.start(
                bed, Machine.newestContainerd(), Machine.distribution(), "auto", List.of(registry.address()));
        debian = TestImages.PYTHON.build();
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void aSecondNodeThatAcceptsTheIndexStartsFromAPart() throws IOException {
        String reference = push("second", debian, ErofsLayers.INLINE);
        RemoteManifest manifest = RemoteManifest.fetch(reference);
        System.out.print(sluice("index", "push", reference, bed.directory("maker")));
        assertThat(sluice("explain", "--json", reference, bed.directory("maker")))
                .contains("\"erofs\"")
                .contains("\"lazy\":true");
        try (TestBed second = bed.nested()) {
            AccessLog before = registry.accessLog();
            SluiceNode other = SluiceNode.start(
                    second,
                    Machine.newestContainerd(),
                    ContainerdConfig.PLAIN,
                    Machine.distribution(),
                    "auto",
                    SluiceProcess.Settings.plainHttp(List.of(registry.address()))
                            + "[index]\npolicy = \"same-registry\"\n");
            other.client().pull(reference, SluiceProcess.NAME);
            assertThat(other.client()
                            .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                            .stdout())
                    .isEqualTo("hello\n");
            AccessLog log = registry.accessLog().since(before);
            System.out.printf(
                    "second node: %d of %d bytes, %.1f %%%n",
                    log.bytes(), manifest.layerBytes(), 100.0 * log.bytes() / manifest.layerBytes());
            assertThat(log.bytes()).isLessThan(manifest.layerBytes() * 30 / 100);
        }
    }

    @Test
    void layersThatAreCompressedAroundTheImageAreFetchedAsAWhole() throws IOException {
        String reference = push("around", debian, ErofsLayers.ZSTD);
        AccessLog before = registry.accessLog();
        node.client().pull(reference, SluiceProcess.NAME);
        assertThat(node.client()
                        .run(reference, SluiceProcess.NAME, "hello", TestImages.PYTHON_HELLO)
                        .stdout())
                .isEqualTo("hello\n");
        assertThat(registry.accessLog().since(before).bytes())
                .isGreaterThanOrEqualTo(RemoteManifest.fetch(reference).layerBytes());
    }

    @Test
    void wrongBytesAreRefused() throws Exception {
        String reference = push("wrong", debian, ErofsLayers.CHUNKS);
        String digest =
                RemoteManifest.fetch(reference).layers().get(0).path("digest").asText();
        spoil(digest);
        assertThat(pullFails(reference)).contains("Layer " + digest).contains("has the digest");
    }

    @Test
    void layersThatAreCompressedInsideAreRefusedInClearWords() throws Exception {
        String reference = push("compressed", debian, ErofsLayers.COMPRESSED);
        assertThat(pullFails(reference))
                .contains("is compressed, which is not supported")
                .contains("containerd cannot unpack it here");
    }

    /** @return what Sluice has logged */
    private String pullFails(String reference) throws IOException {
        Command.Result pull = node.client()
                .command("images", "pull", "--plain-http", "--snapshotter", SluiceProcess.NAME, reference)
                .runForResult();
        assertThat(pull.exitCode()).isNotZero();
        return Files.readString(node.sluice().log());
    }

    private String push(String name, Path image, ErofsLayers form) throws IOException {
        Path layout = bed.directory(name + "-" + form);
        form.write(image, layout);
        String reference = registry.address() + "/" + name + ":" + form;
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        return reference;
    }

    private String sluice(String command, String argument, String reference, Path root) throws IOException {
        Path config = bed.directory().resolve("maker.toml");
        Files.writeString(
                config, "root = \"" + root + "\"\n[registry]\nplain_http_hosts = [\"" + registry.address() + "\"]\n");
        return Command.of(
                        Machine.distribution().resolve("bin/sluice").toString(),
                        command,
                        argument,
                        reference,
                        "--config",
                        config.toString())
                .run()
                .stdout()
                .replace("\" : ", "\":");
    }

    /** Changes a byte in the middle of a blob in the registry's storage. */
    private void spoil(String digest) throws IOException {
        String hex = digest.substring("sha256:".length());
        try (Stream<Path> files = Files.walk(bed.directory().resolve("r"))) {
            Path blob = files.filter(file -> file.endsWith(Path.of(hex, "data"))
                            && file.toString().contains("/blobs/"))
                    .findFirst()
                    .orElseThrow();
            byte[] bytes = Files.readAllBytes(blob);
            bytes[bytes.length / 2] ^= 0x10;
            Files.write(blob, bytes);
        }
    }
}
