package dev.sluice.layer.soci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.Entry;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.StreamSpan;
import dev.sluice.layer.TarBuilder;
import dev.sluice.layer.tar.Compression;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.layer.tar.TarPass;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.ZlibBlocks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Random layers in gzip, with checkpoints at places that zlib has found: every file comes out as it went in. */
class GzipZtocsTest {
    private static final SociLimits LIMITS = new SociLimits(1000, 1 << 16, 1 << 30);
    private static final int HEADER = 10;

    private record Checkpoint(long in, long out, int bits, byte[] window) {}

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void filesComeOutAsTheyWentIn(long seed) throws Exception {
        Random random = new Random(seed);
        TarBuilder builder = new TarBuilder();
        List<byte[]> contents = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            byte[] content = text(random, random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(2000));
            contents.add(content);
            builder.file("f" + (100 + i), new Attributes(0644, 0, 0, 1, 0, Map.of()), content);
        }
        byte[] tar = builder.build();
        byte[] blob = gzip(tar, random.nextInt(tar.length));
        List<Checkpoint> checkpoints = checkpoints(tar, blob, 1 + random.nextInt(100_000));

        ZtocBuilder ztoc = ztoc(tar, blob, checkpoints);
        long offset = 0;
        for (int i = 0; i < contents.size(); i++) {
            offset += 512;
            ztoc.file("f" + (100 + i), offset, contents.get(i).length);
            offset += (contents.get(i).length + 511) / 512 * 512L;
        }
        for (boolean isFirstVersion : new boolean[] {false, true}) {
            ztoc.checkpoints = packed(checkpoints, isFirstVersion);
            LayerIndex index = read(ztoc, blob);
            byte[] device = device(index, blob);
            for (int i = 0; i < contents.size(); i++) {
                Entry.RegularFile file = (Entry.RegularFile) index.entries().get(i);
                assertThat(file.path()).isEqualTo("f" + (100 + i));
                int from = (int) file.deviceOffset();
                assertThat(Arrays.copyOfRange(device, from, from + (int) file.size()))
                        .as("%s of seed %d", file.path(), seed)
                        .isEqualTo(contents.get(i));
            }
        }
    }

    @Test
    void checkpointsThatDoNotFitAreRefused() throws Exception {
        byte[] tar = new TarBuilder()
                .file("f", new Attributes(0644, 0, 0, 1, 0, Map.of()), text(new Random(1), 400_000))
                .build();
        byte[] blob = gzip(tar, 200_000);
        List<Checkpoint> good = checkpoints(tar, blob, 10_000);
        assertThat(good.size()).isGreaterThan(3);
        assertThat(read(ztoc(tar, blob, good), blob).spans().spanCount()).isZero();

        Checkpoint first = good.get(0);
        Checkpoint second = good.get(1);
        for (Checkpoint wrong : List.of(
                new Checkpoint(second.in, second.out, 8, second.window),
                new Checkpoint(first.in, second.out, 0, second.window),
                new Checkpoint(-1, second.out, 0, second.window),
                new Checkpoint(blob.length, second.out, 0, second.window),
                new Checkpoint(Long.MAX_VALUE, second.out, 0, second.window),
                new Checkpoint(second.in, -1, 0, second.window),
                new Checkpoint(second.in, good.get(2).out + 1, 0, second.window))) {
            List<Checkpoint> changed = new ArrayList<>(good);
            changed.set(1, wrong);
            ZtocBuilder ztoc = ztoc(tar, blob, good);
            ztoc.checkpoints = packed(changed, false);
            assertRefused(ztoc, blob, "malformed or out of order");
        }
        ZtocBuilder late = ztoc(tar, blob, good);
        late.checkpoints = packed(good, false);
        late.checkpoints[GzipSpans.HEADER + 8] = 1;
        assertRefused(late, blob, "first checkpoint is at 1");
        for (int count : new int[] {0, -1, 1, good.size() - 1, good.size() + 2, Integer.MAX_VALUE}) {
            ZtocBuilder ztoc = ztoc(tar, blob, good);
            ztoc.checkpoints = ZtocBuilder.checkpoints(
                    count, List.of(Arrays.copyOfRange(ztoc.checkpoints, GzipSpans.HEADER, ztoc.checkpoints.length)));
            assertRefused(ztoc, blob, "");
        }
        ZtocBuilder none = ztoc(tar, blob, good);
        none.checkpoints = new byte[0];
        assertRefused(none, blob, "0 checkpoints");
    }

    private static void assertRefused(ZtocBuilder ztoc, byte[] blob, String message) {
        assertThatThrownBy(() -> read(ztoc, blob))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }

    private static LayerIndex read(ZtocBuilder ztoc, byte[] blob) throws InvalidLayerException {
        LayerDescriptor layer = new LayerDescriptor("gzip", "sha256:blob", blob.length, Map.of());
        return SociLayer.read(ztoc.build(), "sha256:ztoc", layer, Optional.empty(), LIMITS);
    }

    private static byte[] device(LayerIndex index, byte[] blob) throws IOException {
        SpanTable spans = index.spans();
        byte[] device = new byte[(int) spans.deviceSize()];
        for (int span = 0; span < spans.spanCount(); span++) {
            int from = (int) spans.spanBlobOffset(span);
            byte[] compressed = Arrays.copyOfRange(blob, from, from + (int) spans.spanBlobLength(span));
            assertThat(spans.spanDigestIs(span, DecodedLayer.sha256(compressed)))
                    .isTrue();
            assertThat(spans.spanDecoder(span)).isEqualTo(GzipSpanDecoder.ID);
            ByteBuffer decoded = ByteBuffer.allocate(spans.spanDecodedLength(span));
            new GzipSpanDecoder().decode(ByteBuffer.wrap(compressed), spans.spanAuxiliary(span), decoded);
            for (int i = 0; i < spans.spanExtentCount(span); i++) {
                int extent = spans.spanExtent(span, i);
                System.arraycopy(
                        decoded.array(),
                        spans.extentSpanOffset(extent),
                        device,
                        (int) spans.extentDeviceOffset(extent),
                        spans.extentLength(extent));
            }
        }
        return device;
    }

    private static ZtocBuilder ztoc(byte[] tar, byte[] blob, List<Checkpoint> checkpoints) {
        ZtocBuilder ztoc = new ZtocBuilder();
        ztoc.algorithm = ZtocBuilder.GZIP;
        ztoc.blobSize = blob.length;
        ztoc.tarSize = tar.length;
        ztoc.checkpoints = packed(checkpoints, false);
        for (int i = 0; i < checkpoints.size(); i++) {
            Checkpoint checkpoint = checkpoints.get(i);
            int from = (int) checkpoint.in - (checkpoint.bits == 0 ? 0 : 1);
            int to = i + 1 < checkpoints.size() ? (int) checkpoints.get(i + 1).in : blob.length;
            ztoc.digest(Arrays.copyOfRange(blob, from, to));
        }
        return ztoc;
    }

    private static byte[] packed(List<Checkpoint> checkpoints, boolean isFirstVersion) {
        return ZtocBuilder.checkpoints(
                checkpoints.size(),
                checkpoints.stream()
                        .skip(isFirstVersion ? 1 : 0)
                        .map(c -> ZtocBuilder.checkpoint(c.in, c.out, c.bits, c.window))
                        .toList());
    }

    private static List<Checkpoint> checkpoints(byte[] tar, byte[] blob, int spacing) throws Exception {
        String diffId = digest(tar);
        LayerDescriptor layer = new LayerDescriptor("gzip", digest(blob), blob.length, Map.of());
        PlainLayerLimits limits = new PlainLayerLimits(1000, 1 << 16, 1 << 20, 8 << 20, 1 << 30);
        StreamDecoders decoders = new StreamDecoders(ZlibBlocks.factory(Zlib.load()));
        try (TarPass pass = new TarPass(
                layer,
                diffId,
                Compression.GZIP,
                decoders.open(Compression.GZIP, spacing),
                (offset, bytes) -> bytes.position(bytes.limit()),
                limits)) {
            pass.accept(ByteBuffer.allocateDirect(blob.length).put(blob).flip());
            List<Checkpoint> checkpoints = new ArrayList<>();
            for (StreamSpan span : pass.finish().spans()) {
                checkpoints.add(checkpoint(span));
            }
            return checkpoints;
        }
    }

    private static Checkpoint checkpoint(StreamSpan span) throws Exception {
        if (span.auxiliary().length == 0) {
            return new Checkpoint(span.blobOffset() + HEADER, span.decodedOffset(), 0, new byte[0]);
        }
        int bits = span.auxiliary()[0];
        Inflater inflater = new Inflater(true);
        inflater.setInput(span.auxiliary(), 1, span.auxiliary().length - 1);
        byte[] window = new byte[32 << 10];
        int length = inflater.inflate(window);
        inflater.end();
        return new Checkpoint(
                span.blobOffset() + (bits == 0 ? 0 : 1), span.decodedOffset(), bits, Arrays.copyOf(window, length));
    }

    private static String digest(byte[] bytes) {
        StringBuilder text = new StringBuilder("sha256:");
        for (byte b : DecodedLayer.sha256(bytes)) {
            text.append(String.format("%02x", b));
        }
        return text.toString();
    }

    /** Two members. */
    private static byte[] gzip(byte[] bytes, int split) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream first = new GZIPOutputStream(out)) {
            first.write(bytes, 0, split);
        }
        try (OutputStream second = new GZIPOutputStream(out)) {
            second.write(bytes, split, bytes.length - split);
        }
        return out.toByteArray();
    }

    private static byte[] text(Random random, int length) {
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(Integer.toString(random.nextInt(5000), 36)).append(' ');
        }
        return text.substring(0, length).getBytes(StandardCharsets.US_ASCII);
    }
}
