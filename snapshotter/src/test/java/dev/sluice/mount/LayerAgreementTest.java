package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.containerd.PrivateContainerd;
import dev.sluice.image.ImageResolver;
import dev.sluice.image.LayerClaim;
import dev.sluice.layer.estargz.EstargzFormat;
import dev.sluice.mount.LazyLayers.Disagreement;
import dev.sluice.mount.LazyLayers.Knowledge;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Against a real containerd. Each test has a namespace of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LayerAgreementTest {
    private static final String DIFF_ID = "sha256:" + "d".repeat(64);
    private static final String BLOB = "sha256:" + "1".repeat(64);
    private static final String OTHER_BLOB = "sha256:" + "2".repeat(64);
    private static final String TOC = "sha256:" + "3".repeat(64);
    private static final String OTHER_TOC = "sha256:" + "4".repeat(64);
    private static final Map<String, LayerKey> LAZY = Map.of(DIFF_ID, key(BLOB, TOC));

    private PrivateContainerd containerd;
    private ContainerdClient client;
    private RegistryClient registry;
    private LayerStore store;

    @BeforeAll
    void start(@TempDir Path directory) throws IOException {
        containerd = PrivateContainerd.in(directory).start();
        client = new ContainerdClient(containerd.socket());
        store = LayerStore.open(directory.resolve("layers"));
        registry = new RegistryClient(RegistryOptions.defaults(), CredentialSource.anonymous());
    }

    @AfterAll
    void stop() throws InterruptedException {
        if (registry != null) {
            registry.close();
            client.close();
            containerd.close();
        }
    }

    @Test
    void imagesWithOneBlobAndOneTableOfContentsAgree(TestInfo test) throws IOException {
        store(test, "first", BLOB, TOC, DIFF_ID);
        store(test, "second", BLOB, TOC, DIFF_ID);

        assertThat(disagreement(test, LAZY)).isEmpty();
    }

    @Test
    void imagesWithOneBlobAndDifferentTablesOfContentsDoNot(TestInfo test) throws IOException {
        String first = store(test, "first", BLOB, TOC, DIFF_ID);
        String second = store(test, "second", BLOB, OTHER_TOC, DIFF_ID);

        assertThat(disagreement(test, LAZY))
                .hasValueSatisfying(sentence -> assertThat(sentence).contains(DIFF_ID, first, second));
        assertThat(disagreement(test, Map.of(DIFF_ID, key(BLOB, OTHER_TOC)))).isPresent();
    }

    @Test
    void imagesWithDifferentBlobsDoNot(TestInfo test) throws IOException {
        store(test, "first", BLOB, TOC, DIFF_ID);
        store(test, "second", OTHER_BLOB, TOC, DIFF_ID);

        assertThat(disagreement(test, LAZY)).isPresent();
    }

    @Test
    void anImageThatCannotBeLazyDisagrees(TestInfo test) throws IOException {
        String manifest = storeAnnotated(test, "plain", "{}", BLOB, DIFF_ID);

        assertThat(disagreement(test, LAZY))
                .hasValueSatisfying(sentence -> assertThat(sentence)
                        .contains("an image that was removed")
                        .contains(manifest));
    }

    @Test
    void anImageWithOtherDiffIdsHasNoSay(TestInfo test) throws IOException {
        store(test, "other", OTHER_BLOB, OTHER_TOC, "sha256:" + "e".repeat(64));

        assertThat(disagreement(test, LAZY)).isEmpty();
    }

    @Test
    void anImageThatIsKnownToLieHasNoSayAndNobodyGetsItsLayer(TestInfo test) throws IOException {
        store(test, "honest", BLOB, TOC, DIFF_ID);
        store(test, "lying", OTHER_BLOB, OTHER_TOC, DIFF_ID);
        Digest diffId = Digest.parse(DIFF_ID);
        Disproofs disproofs = new Disproofs();
        disproofs.add(new LayerClaim(diffId, DIFF_ID, new Descriptor("a/b", Digest.parse(OTHER_BLOB), 1), diffId));

        LayerAgreement agreement = agreement(client, disproofs);
        assertThat(agreement.disagreement(namespace(test), LAZY, Knowledge.FRESH))
                .isEmpty();
        assertThat(agreement.disagreement(
                        namespace(test), Map.of(DIFF_ID, key(OTHER_BLOB, OTHER_TOC)), Knowledge.FRESH))
                .isPresent();
        assertThat(disagreement(test, LAZY)).as("before that is known").isPresent();
    }

    @Test
    void anImageOfAnotherNamespaceHasNoSay(TestInfo test) throws IOException {
        store(test, "other", OTHER_BLOB, TOC, DIFF_ID);

        assertThat(agreement(client).disagreement("another", LAZY, Knowledge.FRESH))
                .isEmpty();
        assertThat(disagreement(test, LAZY)).isPresent();
    }

    /** A pull asks when the manifest of its image is there, and may have asked about the same layer just before. */
    @Test
    void whoeverAsksAgainLearnsOfNewImages(TestInfo test) throws IOException {
        LayerAgreement agreement = agreement(client);
        assertThat(agreement.disagreement(namespace(test), LAZY, Knowledge.RECENT))
                .isEmpty();

        store(test, "forged", OTHER_BLOB, OTHER_TOC, DIFF_ID);

        assertThat(agreement.disagreement(namespace(test), LAZY, Knowledge.RECENT))
                .isPresent();
        assertThat(agreement.disagreement(namespace(test), LAZY, Knowledge.FRESH))
                .isPresent();
    }

    @Test
    void withoutContainerdNothingIsSaid() {
        try (ContainerdClient nobody = new ContainerdClient(Path.of("/nonexistent/containerd.sock"))) {
            assertThat(agreement(nobody).disagreement("default", LAZY, Knowledge.FRESH))
                    .isEmpty();
        }
    }

    private Optional<String> disagreement(TestInfo test, Map<String, LayerKey> layers) {
        return agreement(client)
                .disagreement(namespace(test), layers, Knowledge.FRESH)
                .map(Disagreement::sentence);
    }

    private LayerAgreement agreement(ContainerdClient asked) {
        return agreement(asked, new Disproofs());
    }

    private LayerAgreement agreement(ContainerdClient asked, Disproofs disproofs) {
        return new LayerAgreement(
                new ImageResolver(asked, registry, List.of()),
                List.of(new EstargzFormat()),
                new StoredLayers(store),
                disproofs,
                Duration.ofMinutes(1));
    }

    private static LayerKey key(String blob, String toc) {
        return new MountKey(LayerId.of(blob, toc), Optional.empty()).toLayerKey();
    }

    private String store(TestInfo test, String name, String blob, String toc, String diffId) throws IOException {
        return storeAnnotated(
                test, name, "{\"containerd.io/snapshot/stargz/toc.digest\":\"" + toc + "\"}", blob, diffId);
    }

    /** Puts an image of one layer into containerd's content store, without the layer, as a lazy pull does. */
    private String storeAnnotated(TestInfo test, String name, String annotations, String blob, String diffId)
            throws IOException {
        String config = ingest(test, "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"" + diffId + "\"]}}");
        String manifest = ingest(test, """
                {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
                 "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":1},
                 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"%s","size":1,
                            "annotations":%s}],
                 "annotations":{"name":"%s"}}""".formatted(config, blob, annotations, name));
        containerd.ctr(namespace(test), "content", "label", manifest, "containerd.io/gc.ref.content.config=" + config);
        return manifest;
    }

    private String ingest(TestInfo test, String text) throws IOException {
        String digest = Digest.sha256(text.getBytes(StandardCharsets.UTF_8)).toString();
        if (!containerd.ctr(namespace(test), "content", "ls", "-q").contains(digest)) {
            containerd.ctrWithInput(namespace(test), text, "content", "ingest", digest);
        }
        return digest;
    }

    private static String namespace(TestInfo test) {
        return test.getTestMethod().orElseThrow().getName();
    }
}
