package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.BlobIndexCodec;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.TarBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TarIndexTest {
    private static final Attributes A = new Attributes(0640, 1, 2, 1_700_000_000, 0, Map.of());

    private final byte[] tar = new TarBuilder()
            .directory("d/", 0755, A)
            .file("d/" + "long".repeat(40), A, new byte[9000])
            .file("x", new Attributes(0644, 0, 0, 0, 0, Map.of("user.x", "y".getBytes(UTF_8))), new byte[700])
            .symlink("s", A, "x")
            .build();

    @Test
    void saysTheSameAfterItWasReadBack() throws IOException {
        TarIndex index = TarLayer.pass(tar, 1500, new Random(1)).index();
        TarIndex back = read(index.toBytes());
        assertThat(back.blobDigest()).isEqualTo(TarLayer.digest(tar));
        assertThat(back.diffId()).isEqualTo(TarLayer.digest(tar));
        assertThat(back.blobSize()).isEqualTo(tar.length);
        assertThat(back.tarSize()).isEqualTo(tar.length);
        assertThat(back.compression()).isEqualTo(Compression.NONE);
        assertThat(back.deviceSize()).isEqualTo(index.deviceSize());
        assertThat(back.isLazy()).isTrue();
        LayerIndexes.assertEqual(back.toLayerIndex("sha256:i"), index.toLayerIndex("sha256:i"));
        assertThat(back.toBytes()).isEqualTo(index.toBytes());
    }

    @Test
    void isWrittenAsItsBytes() throws IOException {
        TarIndex index = TarLayer.pass(tar, 1500, new Random(2)).index();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        index.writeTo(out);
        assertThat(out.toByteArray()).isEqualTo(index.toBytes());
    }

    @Test
    void holdsNoContentsOfFiles() throws IOException {
        byte[] contents = new byte[1 << 20];
        new Random(3).nextBytes(contents);
        byte[] large = new TarBuilder().file("f", A, contents).build();
        assertThat(TarLayer.pass(large, 1 << 18, new Random(4)).index().toBytes())
                .hasSizeLessThan(1000);
    }

    @Test
    void ofATarWithBytesBehindItsEndKnowsItsSize() throws IOException {
        byte[] longer = Arrays.copyOf(tar, tar.length + 12_345);
        longer[longer.length - 1] = 7;
        TarIndex index = TarLayer.pass(longer, 4096, new Random(5)).index();
        assertThat(index.tarSize()).isEqualTo(longer.length);
        LayerIndexes.assertEqual(read(index.toBytes()).toLayerIndex("sha256:i"), index.toLayerIndex("sha256:i"));
        assertThat(LayerIndexes.describe(index.toLayerIndex("sha256:i").entries()))
                .isEqualTo(LayerIndexes.describe(TarLayer.pass(tar, 4096, new Random(6))
                        .index()
                        .toLayerIndex("sha256:i")
                        .entries()));
    }

    @Test
    void thatIsChangedInAnyByteIsRefused() throws IOException {
        byte[] good = TarLayer.pass(tar, 1500, new Random(7)).index().toBytes();
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= 0x10;
            assertThatThrownBy(() -> read(bad)).as("byte %d", i).isInstanceOf(InvalidLayerException.class);
        }
        for (int length : new int[] {0, 7, 8, 143, 144, good.length - 1}) {
            assertThatThrownBy(() -> read(Arrays.copyOf(good, length))).isInstanceOf(InvalidLayerException.class);
        }
        assertThatThrownBy(() -> read(Arrays.copyOf(good, good.length + 1))).isInstanceOf(InvalidLayerException.class);
    }

    @Test
    void ofAnotherVersionSaysSo() throws IOException {
        byte[] index = TarLayer.pass(tar, 1500, new Random(8)).index().toBytes();
        index[8] = 2;
        assertThatThrownBy(() -> read(index)).hasMessageContaining("version 2, expected 1");
    }

    @Test
    void thatLiesIsRefusedOrOfNoHarm() throws IOException {
        byte[] good = TarLayer.pass(tar, 1500, new Random(9)).index().toBytes();
        for (long seed = 0; seed < 2000; seed++) {
            Random random = new Random(seed);
            byte[] bad = good.clone();
            for (int i = 0; i <= random.nextInt(3); i++) {
                bad[8 + random.nextInt(bad.length - 8)] = (byte) random.nextInt(256);
            }
            ByteBuffer patched = ByteBuffer.wrap(bad).order(ByteOrder.LITTLE_ENDIAN);
            patched.putInt(BlobIndexCodec.CHECKSUM, BlobIndexCodec.checksum(patched));
            try {
                TarIndex index = read(bad);
                assertThat(index.toLayerIndex("sha256:i").spans().deviceSize())
                        .as("seed %d", seed)
                        .isEqualTo(index.deviceSize());
            } catch (InvalidLayerException e) {
                assertThat(e).as("seed %d", seed).hasMessageMatching("(?s).+");
            }
        }
    }

    @Test
    void isBoundedByTheReadersLimits() throws IOException {
        byte[] good = TarLayer.pass(tar, 1500, new Random(10)).index().toBytes();
        PlainLayerLimits all = TarLayer.LIMITS;
        assertThatThrownBy(() -> TarIndex.read(
                        ByteBuffer.wrap(good),
                        new PlainLayerLimits(
                                all.entries(), all.names(), all.metadata(), good.length - 1, all.device())))
                .hasMessageContaining("allowed are " + (good.length - 1));
        assertThatThrownBy(() -> TarIndex.read(
                        ByteBuffer.wrap(good),
                        new PlainLayerLimits(all.entries(), all.names(), 1000, all.index(), all.device())))
                .hasMessageContaining("bytes of headers");
        assertThatThrownBy(() -> TarIndex.read(
                        ByteBuffer.wrap(good),
                        new PlainLayerLimits(all.entries(), all.names(), all.metadata(), all.index(), 8)))
                .hasMessageContaining("out of range");
        assertThatThrownBy(() -> TarIndex.read(
                                ByteBuffer.wrap(good),
                                new PlainLayerLimits(3, all.names(), all.metadata(), all.index(), all.device()))
                        .toLayerIndex("sha256:i"))
                .hasMessageContaining("more than 3");
    }

    private static TarIndex read(byte[] bytes) throws IOException {
        return TarIndex.read(ByteBuffer.wrap(bytes), TarLayer.LIMITS);
    }
}
