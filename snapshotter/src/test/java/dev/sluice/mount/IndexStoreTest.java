package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.TarBuilder;
import dev.sluice.layer.tar.Compression;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.layer.tar.TarIndex;
import dev.sluice.layer.tar.TarPass;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexStoreTest {
    private static final Attributes ATTRIBUTES = new Attributes(0644, 0, 0, 0, 0, Map.of());
    private static final PlainLayerLimits LIMITS = PlainLayerLimits.forHeap(256 << 20);
    private static final StreamDecoders DECODERS = new StreamDecoders(() -> {
        throw new IOException("no zlib");
    });

    @TempDir
    Path root;

    @Test
    void anIndexIsFoundByItsBlob() throws IOException {
        IndexStore store = IndexStore.open(root, LIMITS, 1 << 20);
        TarIndex index = index("a");

        String digest = store.put(index);

        IndexStore.Kept kept = find(store, index).orElseThrow();
        assertThat(kept.bytes()).isEqualTo(index.toBytes());
        assertThat(kept.digest())
                .isEqualTo(digest)
                .isEqualTo(Digest.sha256(index.toBytes()).toString());
        assertThat(find(store, index("b"))).isEmpty();
        assertThat(store.find(layer(index), Digest.sha256(new byte[] {1})))
                .as("of the same blob, which is said to be another tar")
                .isEmpty();
    }

    @Test
    void oneThatIsDamagedIsAsGoodAsNone() throws IOException {
        IndexStore store = IndexStore.open(root, LIMITS, 1 << 20);
        TarIndex index = index("a");
        store.put(index);
        try (var files = Files.list(root)) {
            Path file = files.findFirst().orElseThrow();
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length - 1] ^= 1;
            Files.write(file, bytes);
        }

        assertThat(find(store, index)).isEmpty();
    }

    @Test
    void theLeastRecentlyUsedGoWhenThereAreTooManyBytes() throws IOException {
        TarIndex first = index("a");
        TarIndex second = index("b");
        TarIndex third = index("c");
        IndexStore store = IndexStore.open(root, LIMITS, first.toBytes().length + second.toBytes().length + 10);
        store.put(first);
        store.put(second);
        age();
        assertThat(find(store, first)).isPresent();

        store.put(third);

        assertThat(find(store, first)).isPresent();
        assertThat(find(store, second)).isEmpty();
        assertThat(find(store, third)).isPresent();
    }

    @Test
    void whatACrashLeftHalfWrittenGoesInTheEnd() throws IOException {
        IndexStore store = IndexStore.open(root, LIMITS, 1 << 20);
        Path old = Files.createFile(root.resolve(".new-old"));
        age();
        Path young = Files.createFile(root.resolve(".new-young"));

        store.put(index("a"));

        assertThat(old).doesNotExist();
        assertThat(young).as("may be another process's who writes just now").exists();
    }

    private void age() throws IOException {
        FileTime past = FileTime.from(Instant.now().minus(Duration.ofHours(2)));
        try (var files = Files.list(root)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, past);
            }
        }
    }

    private static Optional<IndexStore.Kept> find(IndexStore store, TarIndex index) {
        return store.find(layer(index), Digest.parse(index.diffId()));
    }

    private static LayerDescriptor layer(TarIndex index) {
        return new LayerDescriptor(
                "application/vnd.oci.image.layer.v1.tar", index.blobDigest(), index.blobSize(), Map.of());
    }

    private static TarIndex index(String name) throws IOException {
        byte[] tar = new TarBuilder().file(name, ATTRIBUTES, new byte[100]).build();
        String digest = Digest.sha256(tar).toString();
        LayerDescriptor layer =
                new LayerDescriptor("application/vnd.oci.image.layer.v1.tar", digest, tar.length, Map.of());
        try (TarPass pass = new TarPass(
                layer,
                digest,
                Compression.NONE,
                DECODERS.open(Compression.NONE, 1 << 20),
                (offset, bytes) -> bytes.position(bytes.limit()),
                LIMITS)) {
            pass.accept(ByteBuffer.allocateDirect(tar.length).put(tar).flip());
            return pass.finish();
        }
    }
}
