package dev.sluice.index;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.MediaTypes;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes of an artifact are: it is read or refused with a sentence. */
class IndexMutationTest {
    private static final int MUTATIONS = 3000;

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3})
    void alteredArtifactsAreReadOrRefused(long seed) throws Exception {
        Random random = new Random(seed);
        int refused = 0;
        try (FakeRegistry registry = new FakeRegistry()) {
            TestIndex image = TestIndex.of(registry, "app", Map.of());
            IndexArtifact.Built sound = image.build(Optional.empty());
            List<Tuple> whole = IndexConfig.parse(sound.configBytes()).layers().stream()
                    .map(entry -> tuple(entry.layer(), entry.descriptor()))
                    .toList();
            for (int i = 0; i < MUTATIONS; i++) {
                boolean config = random.nextBoolean();
                byte[] altered = mutate(config ? sound.configBytes() : sound.manifest(), random);
                try {
                    if (config) {
                        // The diff ID is the image's to tell; the manifest knows the rest.
                        assertThat(parse(sound.manifest()).config(altered).layers())
                                .extracting(LayerEntry::layer, LayerEntry::descriptor)
                                .isEqualTo(whole);
                    } else {
                        assertThat(parse(altered).config(sound.configBytes()).layers())
                                .hasSize(2);
                    }
                } catch (InvalidIndexException e) {
                    assertThat(e).hasMessageNotContaining("null");
                    refused++;
                }
            }
        }
        assertThat(refused).isGreaterThan(MUTATIONS / 2);
    }

    @Test
    void theSignedStatementHasTheDocumentedBytes() throws IOException {
        try (FakeRegistry registry = new FakeRegistry()) {
            TestIndex image = TestIndex.of(registry, "app", Map.of());
            Digest manifest = image.image().manifestDigest();
            Digest config = image.build(Optional.empty()).config().digest();

            assertThat(new String(IndexStatement.bytes(manifest, config), US_ASCII))
                    .isEqualTo("sluice index v1\n" + manifest + "\n" + config + "\n");
        }
    }

    private static IndexArtifact parse(byte[] manifest) throws InvalidIndexException {
        return IndexArtifact.parse(new Fetched(
                manifest, new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(manifest), manifest.length)));
    }

    /** Cuts, swaps, doubles or overwrites. */
    private static byte[] mutate(byte[] bytes, Random random) {
        byte[] altered = bytes.clone();
        int at = random.nextInt(bytes.length);
        switch (random.nextInt(4)) {
            case 0 -> altered[at] = (byte) random.nextInt(256);
            case 1 -> altered = Arrays.copyOf(bytes, at);
            case 2 -> {
                altered = Arrays.copyOf(bytes, 2 * bytes.length - at);
                System.arraycopy(bytes, at, altered, bytes.length, bytes.length - at);
            }
            default -> {
                int from = random.nextInt(bytes.length);
                int length = Math.min(1 + random.nextInt(40), bytes.length - Math.max(at, from));
                System.arraycopy(bytes, from, altered, at, length);
            }
        }
        return altered;
    }
}
