package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.DigestMismatchException;
import dev.sluice.layer.Entry;
import dev.sluice.layer.FileSink;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.TarBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TarPassTest {
    private static final Attributes A = new Attributes(0640, 1, 2, 1_700_000_000, 0, Map.of());
    private static final Attributes B =
            new Attributes(0600, 3, 4, 1_800_000_000, 0, Map.of("user.x", "value".getBytes(UTF_8)));

    private static final byte[] LONG = bytes(10_000, 1);
    private static final byte[] SHORT = bytes(100, 2);

    private static final byte[] TAR = new TarBuilder()
            .directory("d/", 0755, A)
            .file("d/long", A, LONG)
            .file("replaced", A, bytes(5000, 3))
            .file("empty", A, new byte[0])
            .file("short", B, SHORT)
            .symlink("replaced", A, "short")
            .hardLink("link", A, "d/long")
            .build();

    @Test
    void placesFilesInTheDeviceInTheirOrderAt4KiBBlocks() throws IOException {
        TarLayer layer = TarLayer.pass(TAR, 4096, new Random(1));
        assertThat(layer.index().deviceSize()).isEqualTo(12_288 + 8192 + 4096);
        assertThat(layer.device(0, LONG.length)).isEqualTo(LONG);
        assertThat(layer.device(LONG.length, 12_288 - LONG.length)).containsOnly(0);
        assertThat(layer.device(12_288 + 8192, SHORT.length)).isEqualTo(SHORT);
        LayerIndex index = layer.index().toLayerIndex("sha256:index");
        assertThat(index.format()).isEqualTo("tar");
        assertThat(index.indexDigest()).isEqualTo("sha256:index");
        assertThat(index.entries())
                .contains(new Entry.RegularFile("d/long", A, LONG.length, 0), new Entry.HardLink("link", "d/long"))
                .hasSize(6);
        assertThat(index.entries().get(5))
                .isInstanceOfSatisfying(
                        Entry.RegularFile.class,
                        file -> assertThat(file.deviceOffset()).isEqualTo(20_480));
    }

    @Test
    void cutsFilesAtTheBordersOfSpans() throws IOException {
        LayerIndex index = TarLayer.pass(TAR, 4096, new Random(2)).index().toLayerIndex("sha256:index");
        long covered = 0;
        for (int i = 0; i < index.spans().extentCount(); i++) {
            int span = index.spans().extentSpan(i);
            long inTar = index.spans().spanBlobOffset(span) + index.spans().extentSpanOffset(i);
            byte[] expected = Arrays.copyOfRange(
                    TAR, (int) inTar, (int) inTar + index.spans().extentLength(i));
            long device = index.spans().extentDeviceOffset(i);
            assertThat(TarLayer.pass(TAR, 4096, new Random(i)).device(device, expected.length))
                    .isEqualTo(expected);
            covered += expected.length;
        }
        // What was replaced has no name, so nobody reads it.
        assertThat(covered).isEqualTo(LONG.length + SHORT.length);
        assertThat(index.spans().spanCount()).isGreaterThan(2);
    }

    @Test
    void findsTheSameWhateverThePiecesAreInWhichTheBlobArrives() throws IOException {
        LayerIndex expected = TarLayer.pass(TAR, 1000, new Random(0)).index().toLayerIndex("sha256:i");
        for (int seed = 1; seed < 20; seed++) {
            TarLayer layer = TarLayer.pass(TAR, 1000, new Random(seed));
            LayerIndexes.assertEqual(layer.index().toLayerIndex("sha256:i"), expected);
        }
    }

    @Test
    void withoutSpansIsNotLazyButSaysWhatIsInTheLayer() throws IOException {
        TarIndex index = TarLayer.pass(TAR, 0, new Random(3)).index();
        assertThat(index.isLazy()).isFalse();
        LayerIndex layer = index.toLayerIndex("sha256:i");
        assertThat(layer.entries()).hasSize(6);
        assertThat(layer.spans().spanCount()).isZero();
        assertThat(layer.spans().extentCount()).isZero();
        assertThat(layer.spans().deviceSize()).isEqualTo(index.deviceSize());
    }

    @Test
    void ofALayerWithoutContentsNeedsNoSpans() throws IOException {
        TarIndex index = TarLayer.pass(new TarBuilder().directory("d", 0755, A).build(), 0, new Random(4))
                .index();
        assertThat(index.isLazy()).isTrue();
        assertThat(index.toLayerIndex("sha256:i").spans().deviceSize()).isZero();
    }

    @Test
    void refusesABlobOfAnotherDigest() throws IOException {
        byte[] changed = TAR.clone();
        changed[1024] ^= 1;
        try (TarPass pass = pass(TarLayer.descriptor(TAR), TarLayer.digest(changed), (offset, bytes) -> {})) {
            pass.accept(direct(changed));
            assertThatThrownBy(pass::finish)
                    .isInstanceOf(DigestMismatchException.class)
                    .hasMessageContaining("blob has the digest " + TarLayer.digest(changed))
                    .hasMessageContaining(TarLayer.digest(TAR));
        }
    }

    @Test
    void refusesATarOfAnotherDigest() throws IOException {
        String other = "sha256:" + "0".repeat(64);
        try (TarPass pass = pass(TarLayer.descriptor(TAR), other, (offset, bytes) -> {})) {
            pass.accept(direct(TAR));
            assertThatThrownBy(pass::finish)
                    .isInstanceOf(DigestMismatchException.class)
                    .hasMessageContaining("tar has the digest")
                    .hasMessageContaining(other);
        }
    }

    @Test
    void refusesABlobOfAnotherLength() throws IOException {
        byte[] shorter = Arrays.copyOf(TAR, TAR.length - 512);
        try (TarPass pass = pass(TarLayer.descriptor(TAR), TarLayer.digest(TAR), (offset, bytes) -> {})) {
            pass.accept(direct(shorter));
            assertThatThrownBy(pass::finish)
                    .isInstanceOf(DigestMismatchException.class)
                    .hasMessageContaining("has " + shorter.length + " bytes");
        }
        try (TarPass pass = pass(TarLayer.descriptor(shorter), TarLayer.digest(TAR), (offset, bytes) -> {})) {
            assertThatThrownBy(() -> pass.accept(direct(TAR)))
                    .isInstanceOf(DigestMismatchException.class)
                    .hasMessageContaining("longer than");
        }
    }

    @Test
    void needsDigestsOfSha256AndClosesItsDecoderOtherwise() {
        UndecodedStream decoder = new UndecodedStream(0);
        LayerDescriptor layer = new LayerDescriptor("", "sha512:" + "0".repeat(128), 0, Map.of());
        assertThatThrownBy(() -> new TarPass(
                        layer, TarLayer.digest(TAR), Compression.NONE, decoder, (offset, bytes) -> {}, TarLayer.LIMITS))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("sha512");
        assertThat(decoder.isClosed()).isTrue();
    }

    @Test
    void refusesATarThatEndsEarly() throws IOException {
        byte[] cut = Arrays.copyOf(TAR, 2000);
        try (TarPass pass = pass(TarLayer.descriptor(cut), TarLayer.digest(cut), (offset, bytes) -> {})) {
            pass.accept(direct(cut));
            assertThatThrownBy(pass::finish)
                    .isInstanceOf(InvalidLayerException.class)
                    .hasMessageContaining("ends within an entry");
        }
    }

    @Test
    void failsWhenTheSinkFails() throws IOException {
        FileSink full = (offset, bytes) -> {
            throw new IOException("disk is full");
        };
        byte[] tar = new TarBuilder().file("f", A, bytes(20 << 20, 5)).build();
        try (TarPass pass = pass(TarLayer.descriptor(tar), TarLayer.digest(tar), full)) {
            assertThatThrownBy(() -> pass.accept(direct(tar))).hasMessage("disk is full");
            assertThatThrownBy(pass::finish).isInstanceOf(IOException.class);
        }
    }

    @Test
    void canBeGivenUpWhereverItIs() throws IOException {
        for (int length : new int[] {0, 100, 512, 5000, TAR.length}) {
            UndecodedStream decoder = new UndecodedStream(4096);
            TarPass pass = new TarPass(
                    TarLayer.descriptor(TAR),
                    TarLayer.digest(TAR),
                    Compression.NONE,
                    decoder,
                    (offset, bytes) -> {},
                    TarLayer.LIMITS);
            pass.accept(direct(Arrays.copyOf(TAR, length)));
            pass.close();
            assertThat(decoder.isClosed()).isTrue();
        }
    }

    private static TarPass pass(LayerDescriptor layer, String diffId, FileSink sink) throws IOException {
        return new TarPass(layer, diffId, Compression.NONE, new UndecodedStream(4096), sink, TarLayer.LIMITS);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] bytes(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
