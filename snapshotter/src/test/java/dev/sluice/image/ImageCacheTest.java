package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ImageCacheTest {
    private static final Descriptor SOME = new Descriptor("some/type", Digest.sha256(new byte[0]), 0);

    private final ImageCache cache = new ImageCache(100);

    @Test
    void whatWasNotUsedForTheLongestTimeGoesFirst() {
        cache.put(image(1, 40));
        cache.put(image(2, 40));
        assertThat(cache.get(digest(1))).isPresent();
        cache.put(image(3, 40));
        assertThat(cache.get(digest(1))).contains(image(1, 40));
        assertThat(cache.get(digest(2))).isEmpty();
        assertThat(cache.get(digest(3))).isPresent();
    }

    @Test
    void anImageThatIsPutAgainCountsOnce() {
        for (int i = 0; i < 10; i++) {
            cache.put(image(1, 60));
        }
        cache.put(image(2, 40));
        assertThat(cache.get(digest(1))).isPresent();
        assertThat(cache.get(digest(2))).isPresent();
    }

    @Test
    void anImageThatIsTooGreatIsNotKept() {
        cache.put(image(1, 101));
        assertThat(cache.get(digest(1))).isEmpty();
        cache.put(image(2, 100));
        assertThat(cache.get(digest(2))).isPresent();
    }

    private static Digest digest(int number) {
        return Digest.sha256(new byte[] {(byte) number});
    }

    private static ParsedImage image(int number, int bytes) {
        Manifest manifest = new Manifest(
                MediaTypes.OCI_MANIFEST, SOME, List.of(SOME), Map.of(), Optional.empty(), Optional.empty());
        return new ParsedImage(digest(number), manifest, List.of(digest(0)), List.of(digest(0)), bytes);
    }
}
