package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LayerReferencesTest {
    private static final LayerId LAYER = LayerId.of("sha256:a", "sha256:b");
    private static final MountKey OWN = new MountKey(LAYER, Optional.empty());
    private static final MountKey VARIANT = new MountKey(LAYER, Optional.of("0123456789abcdef"));

    private final LayerReferences references = new LayerReferences();

    @Test
    void aLayerIsUsedUntilTheLastReferenceAndPinAreGone() {
        references.pin(LAYER);
        references.add(OWN, 2);
        references.add(VARIANT, 1);
        references.unpin(LAYER);
        references.remove(OWN);
        references.remove(VARIANT);
        assertThat(references.isReferenced(VARIANT)).isFalse();
        assertThat(references.isReferenced(OWN)).isTrue();
        assertThat(references.isUsed(LAYER)).isTrue();
        assertThat(references.count(LAYER)).isEqualTo(1);
        references.remove(OWN);
        assertThat(references.isUsed(LAYER)).isFalse();
    }

    @Test
    void oneReferenceTooManyGivenBackHarmsNobody() {
        references.remove(OWN);
        references.add(OWN, 1);
        assertThat(references.isReferenced(OWN)).isTrue();
    }

    @Test
    void onlyAnUnusedLayerIsTakenAway() throws IOException {
        references.pin(LAYER);
        assertThat(references.ifUnused(LAYER, () -> Optional.of(Path.of("/x")))).isEmpty();
        references.unpin(LAYER);
        assertThat(references.ifUnused(LAYER, () -> Optional.of(Path.of("/x")))).isPresent();
    }
}
