package dev.sluice.index;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.RegistryClient;
import dev.sluice.registry.RegistryException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexPublisherTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final FakeRegistry registry = new FakeRegistry();
    private final RegistryClient client = registry.client();
    private final TestIndex image = TestIndex.of(registry, "app", Map.of());
    private final IndexPublisher publisher = publisher(TestIndex.CREATED);

    IndexPublisherTest() throws IOException {}

    @AfterEach
    void close() {
        client.close();
        registry.close();
    }

    private IndexPublisher publisher(Instant now) {
        return new IndexPublisher(client, () -> now, TIMEOUT);
    }

    @Test
    void whatIsPublishedIsFound() throws IOException {
        SigningKey key = TestKeys.signing(directory);

        Digest artifact = publisher.publish(image.image(), image.blobs(), Optional.of(key));

        IndexTrust trust = new IndexTrust(IndexPolicy.SIGNED, Map.of(), List.of(key.publicKey()));
        IndexSearch search = new IndexFinder(client, trust, TIMEOUT).find(image.image());
        assertThat(search).isInstanceOf(IndexSearch.Found.class);
        assertThat(((IndexSearch.Found) search).artifact()).isEqualTo(artifact);
    }

    @Test
    void theArtifactHasTheShapeThatIsDocumented() throws Exception {
        Digest artifact = publisher.publish(image.image(), List.of(image.blob(1)), Optional.empty());

        Fetched fetched = client.manifest(registry.image().withDigest(artifact));
        IndexArtifact parsed = IndexArtifact.parse(fetched);
        assertThat(parsed.subject()).isEqualTo(image.manifest());
        assertThat(parsed.manifest().annotations())
                .isEqualTo(Map.of("org.opencontainers.image.created", "2026-01-02T03:04:05Z"));
        assertThat(parsed.manifest().layers()).singleElement().satisfies(layer -> {
            assertThat(layer.mediaType()).isEqualTo("application/vnd.sluice.layer-index.v1");
            assertThat(layer.annotations())
                    .isEqualTo(Map.of("dev.sluice.layer.digest", image.layer(1).toString()));
        });
        assertThat(new String(client.blob(registry.image(), parsed.config(), 1000), UTF_8))
                .isEqualTo(("{\"subject\":\"%s\",\"layers\":[{\"layer\":\"%s\",\"diffId\":\"%s\",\"index\":\"%s\","
                                + "\"size\":%d}]}")
                        .formatted(
                                image.image().manifestDigest(),
                                image.layer(1),
                                image.image().diffIds().get(1),
                                Digest.sha256(TestIndex.content(1)),
                                TestIndex.content(1).length));
    }

    @Test
    void nothingIsPushedForALayerThatTheImageDoesNotHave() {
        TestIndex other = TestIndex.of(registry, "other", Map.of());

        assertThatThrownBy(() -> publisher.publish(image.image(), other.blobs(), Optional.empty()))
                .isInstanceOf(InvalidIndexException.class)
                .hasMessageContaining("which the image does not have");
        assertThatThrownBy(() -> publisher.publish(image.image(), List.of(), Optional.empty()))
                .isInstanceOf(InvalidIndexException.class);
        assertThat(registry.blobs()).isEmpty();
    }

    @Test
    void whoMayNotPushIsTold() {
        registry.failsWith = 403;

        assertThatThrownBy(() -> publisher.publish(image.image(), image.blobs(), Optional.empty()))
                .isInstanceOf(RegistryException.Unauthorized.class);
    }

    @Test
    void publishedIndexesAreListedFromTheOldestToTheNewest() throws IOException {
        SigningKey key = TestKeys.signing(directory);
        Digest newer =
                publisher(TestIndex.CREATED.plusSeconds(1)).publish(image.image(), image.blobs(), Optional.of(key));
        Digest older = publisher.publish(image.image(), image.blobs(), Optional.empty());
        Digest manifest = image.image().manifestDigest();

        assertThat(publisher.list(registry.image().withDigest(manifest)))
                .containsExactly(
                        new PublishedIndex(older, manifest, Optional.of(TestIndex.CREATED), Optional.empty()),
                        new PublishedIndex(
                                newer,
                                manifest,
                                Optional.of(TestIndex.CREATED.plusSeconds(1)),
                                Optional.of(key.publicKey().id())));
    }

    @Test
    void whatIsRemovedIsNotListedAnyMore() throws IOException {
        Digest artifact = publisher.publish(image.image(), image.blobs(), Optional.empty());

        publisher.remove(registry.image(), artifact);

        assertThat(publisher.list(registry.image().withDigest(image.image().manifestDigest())))
                .isEmpty();
        assertThatThrownBy(() -> publisher.remove(registry.image(), artifact))
                .isInstanceOf(RegistryException.NotFound.class);
    }

    @Test
    void anImageIsNotRemovedAsAnIndex() {
        Digest manifest = image.image().manifestDigest();

        assertThatThrownBy(() -> publisher.remove(registry.image(), manifest))
                .isInstanceOf(InvalidIndexException.class)
                .hasMessageStartingWith("Tried to remove the index ");
        assertThat(registry.manifests()).contains(manifest.toString());
    }
}
