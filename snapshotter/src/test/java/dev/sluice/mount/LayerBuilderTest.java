package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.image.ResolvedImage;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.estargz.EstargzBuilder;
import dev.sluice.layer.estargz.EstargzFormat;
import dev.sluice.linux.Linux;
import dev.sluice.mount.LayerBuilder.Result;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two manifests name one blob, but different digests of its table of contents. */
class LayerBuilderTest {
    private static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";

    private final EstargzBuilder.Layer layer = new EstargzBuilder()
            .file("file", "contents".getBytes(StandardCharsets.UTF_8))
            .build();
    private final String tocDigest = Optional.ofNullable(
                    layer.descriptor().annotations().get(TOC_DIGEST))
            .orElseThrow();
    private final ResolvedImage honest = image("honest", tocDigest);
    private final ResolvedImage forged = image("forged", "sha256:" + "0".repeat(64));

    @TempDir
    Path root;

    private LayerStore store;
    private LayerBuilder builder;

    @BeforeEach
    void open() throws IOException {
        store = LayerStore.open(root);
        builder = new LayerBuilder(
                store,
                new LayerReferences(),
                List.of(new EstargzFormat()),
                (reference, descriptor) -> new BytesBlob(layer.blob()),
                new DiskCeiling(root, new DiskUsage(Linux.load()), 0),
                Optional.empty());
    }

    @Test
    void theLayerOfTheOneThatIsWrongIsNotThatOfTheOther() throws IOException {
        LayerId built = ((Result.Built) builder.build(honest, 0)).id();

        assertThatThrownBy(() -> builder.build(forged, 0)).isInstanceOf(InvalidLayerException.class);

        assertThat(store.list()).containsExactly(built);
        assertThat(store.directory(built).readRecord().sources())
                .containsExactly(honest.reference().toString());
    }

    @Test
    void theOneThatIsWrongLeavesNothingForTheOther() throws IOException {
        assertThatThrownBy(() -> builder.build(forged, 0)).isInstanceOf(InvalidLayerException.class);
        assertThat(root).isEmptyDirectory();

        assertThat(builder.build(honest, 0))
                .isEqualTo(new Result.Built(LayerId.of(layer.descriptor().digest(), tocDigest)));
    }

    private ResolvedImage image(String name, String toc) {
        LayerDescriptor described = layer.descriptor();
        Descriptor blob = new Descriptor(
                described.mediaType(),
                Digest.parse(described.digest()),
                described.size(),
                Map.of(TOC_DIGEST, toc),
                Optional.empty(),
                Optional.empty());
        Digest diffId = Digest.sha256("diff".getBytes(StandardCharsets.UTF_8));
        Manifest manifest = new Manifest(
                MediaTypes.OCI_MANIFEST, blob, List.of(blob), Map.of(), Optional.empty(), Optional.empty());
        return new ResolvedImage(
                ImageReference.parse("example.test/" + name + ":1"),
                manifest,
                Digest.sha256(name.getBytes(StandardCharsets.UTF_8)),
                0,
                List.of(diffId));
    }
}
