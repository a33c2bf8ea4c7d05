package dev.sluice.layer.soci;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.Entry;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ztocs that are right, and all that can be wrong with one. */
class SociLayerTest {
    private static final SociLimits LIMITS = new SociLimits(1000, 1 << 16, 1 << 30);
    private static final String DIGEST = "sha256:" + "d".repeat(64);
    private static final byte[] TAR = tar();

    private static byte[] tar() {
        byte[] bytes = new byte[20_000];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static ZtocBuilder ztoc() {
        return ZtocBuilder.ofTar(TAR, 4000);
    }

    private static LayerIndex read(ZtocBuilder ztoc) throws InvalidLayerException {
        return read(ztoc, Optional.empty());
    }

    private static LayerIndex read(ZtocBuilder ztoc, Optional<String> prefetch) throws InvalidLayerException {
        LayerDescriptor layer = new LayerDescriptor("tar", "sha256:blob", TAR.length, Map.of());
        return SociLayer.read(ztoc.build(), DIGEST, layer, prefetch.map(json -> json.getBytes(UTF_8)), LIMITS);
    }

    private static void assertRefused(ZtocBuilder ztoc, String message) {
        assertThatThrownBy(() -> read(ztoc))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }

    @Test
    void entriesAreWhatTheirHeadersSaid() throws IOException {
        LayerIndex index = read(ztoc().entry("d/", "dir", 512, 0, "")
                .file("d/f", 1024, 100, "SCHILY.xattr.user.a", "v", "SCHILY.xattr.trusted.b", "x", "path", "d/f")
                .entry("d/h", "hardlink", 2048, 77, "d/f", "SCHILY.xattr.user.a", "v")
                .entry("l", "symlink", 2560, 0, "d/f")
                .entry("c", "char", 3072, 0, "")
                .entry("b", "block", 3584, 0, "")
                .entry("p", "fifo", 4096, 0, "", Map.of(5, 0104755L, 6, 0x80000000, 10, ""), List.of())
                .file("d/.wh.gone", 4608, 0)
                .file("d/.wh..wh..opq", 5120, 0));

        assertThat(index.format()).isEqualTo("soci");
        assertThat(index.indexDigest()).isEqualTo(DIGEST);
        assertThat(index.entries())
                .extracting(Entry::path)
                .containsExactly("b", "c", "d", "d/f", "d/gone", "d/h", "l", "p");
        Entry.RegularFile file = (Entry.RegularFile) index.entries().get(3);
        assertThat(file.size()).isEqualTo(100);
        assertThat(file.attributes().mode()).isEqualTo(0644);
        assertThat(file.attributes().uid()).isEqualTo(1);
        assertThat(file.attributes().gid()).isEqualTo(2);
        assertThat(file.attributes().mtimeSeconds()).isEqualTo(1_000_000_000);
        assertThat(file.attributes().mtimeNanos()).isEqualTo(500_000_000);
        assertThat(file.attributes().xattrs()).containsOnlyKeys("user.a");
        Entry.CharDevice device = (Entry.CharDevice) index.entries().get(1);
        assertThat(List.of(device.major(), device.minor())).containsExactly(3, 4);
        Entry.Fifo fifo = (Entry.Fifo) index.entries().get(7);
        assertThat(fifo.attributes().mode()).isEqualTo(04755);
        assertThat(fifo.attributes().uid()).isEqualTo(0x80000000);
        assertThat(fifo.attributes().mtimeSeconds()).isZero();
        assertThat(((Entry.Directory) index.entries().get(2)).attributes().xattrs())
                .containsOnlyKeys("trusted.overlay.opaque");
    }

    @Test
    void filesFillTheDeviceInTheOrderOfTheBlob() throws IOException {
        LayerIndex index = read(ztoc().file("b", 512, 5000)
                .file("replaced", 6144, 1000)
                .file("a", 7680, 300)
                .file("replaced", 8704, 10));

        SpanTable spans = index.spans();
        assertThat(spans.deviceSize()).isEqualTo(4 * 4096);
        assertThat(((Entry.RegularFile) index.entries().get(0)).deviceOffset()).isEqualTo(8192);
        assertThat(spans.spanCount()).isEqualTo(3);
        assertThat(spans.spanDecoder(0)).isEqualTo(IdentityDecoder.ID);
        byte[] device = new byte[(int) spans.deviceSize()];
        for (int i = 0; i < spans.extentCount(); i++) {
            assertThat(spans.spanHasDigest(spans.extentSpan(i))).isTrue();
            System.arraycopy(
                    TAR,
                    (int) spans.spanBlobOffset(spans.extentSpan(i)) + spans.extentSpanOffset(i),
                    device,
                    (int) spans.extentDeviceOffset(i),
                    spans.extentLength(i));
        }
        byte[] expected = new byte[device.length];
        System.arraycopy(TAR, 512, expected, 0, 5000);
        System.arraycopy(TAR, 7680, expected, 8192, 300);
        System.arraycopy(TAR, 8704, expected, 12288, 10);
        assertThat(device).isEqualTo(expected);
    }

    @Test
    void whatIsPrefetchedNeedsTheSpansThatWereNamedAndNoOthers() throws IOException {
        ZtocBuilder ztoc = ztoc().file("a", 512, 5000).file("b", 6144, 5000).file("c", 11776, 8000);
        LayerIndex index = read(ztoc, Optional.of("""
                        {"version": "1.0", "prefetch_spans": [
                          {"start_span": 3, "end_span": 3, "priority": 2}, {"start_span": 0, "end_span": 1},
                          {"start_span": 4, "end_span": 5}, {"start_span": 2, "end_span": 4, "priority": 1}, {"start_span": 2, "end_span": 1}, {"start_span": -1, "end_span": 1}, {}]}"""));

        // Spans 0 and 1 end in the first page of b, after 1856 bytes of it. Span 3 begins and ends in pages of its
        // neighbours.
        assertThat(index.prefetch()).containsExactly(new DeviceRange(0, 8192), new DeviceRange(12288, 12288));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "[",
                "[]",
                "{}",
                "null",
                "{\"version\": \"2.0\", \"prefetch_spans\": [{\"start_span\": 0, \"end_span\": 1}]}",
                "{\"version\": \"1.0\", \"prefetch_spans\": 3}"
            })
    void aMalformedPrefetchIsAsGoodAsNone(String json) throws IOException {
        assertThat(read(ztoc().file("a", 512, 5000), Optional.of(json)).prefetch())
                .isEmpty();
    }

    @Test
    void aZtocOfAnotherLayerIsRefused() {
        ZtocBuilder other = ztoc();
        other.blobSize++;
        assertRefused(other, "ztoc is of a layer of 20001 bytes, this one has 20000");
    }

    @Test
    void entriesThatOverlapOrLieOutsideAreRefused() {
        assertRefused(ztoc().file("a", 0, 10), "overlaps the one before it or lies outside");
        assertRefused(ztoc().file("a", 513, 10), "overlaps the one before it");
        assertRefused(ztoc().file("a", 512, -1), "overlaps the one before it");
        assertRefused(ztoc().file("a", 512, 19489), "lies outside of the tar");
        assertRefused(ztoc().file("a", 512, Long.MAX_VALUE), "lies outside of the tar");
        assertRefused(ztoc().file("a", Long.MIN_VALUE, 1), "lies outside of the tar");
        assertRefused(ztoc().file("a", 512, 600).file("b", 1536, 1), "overlaps the one before it");
        assertRefused(ztoc().file("a", 1024, 6).file("b", 512, 1), "overlaps the one before it");
    }

    @Test
    void whatAZtocCannotSayIsRefused() {
        assertRefused(ztoc().file("a", 512, 10, "GNU.sparse.major", "1"), "sparse file");
        assertRefused(ztoc().entry("a", "strange", 512, 0, ""), "unknown type");
        assertRefused(ztoc().entry("a", "hardlink", 512, 0, "missing"), "missing");
        assertRefused(ztoc().entry("a", "reg", 512, 1, "", Map.of(6, -1), List.of()), "owner -1");
        assertRefused(ztoc().entry("a", "reg", 512, 1, "", Map.of(10, "yesterday"), List.of()), "malformed time");
        assertRefused(ztoc().entry("a", "reg", 512, 1, "", Map.of(10, "x".repeat(100)), List.of()), "malformed time");
        ZtocBuilder version = ztoc();
        version.version = "1.0";
        assertRefused(version, "not of version 0.9");
        ZtocBuilder zstd = ztoc();
        zstd.algorithm = 3;
        assertRefused(zstd, "not known of SOCI: 3");
    }

    @Test
    void spansThatDoNotFitAreRefused() {
        ZtocBuilder more = ztoc();
        more.digests.add("sha256:" + "0".repeat(64));
        assertRefused(more, "5 spans and 6 digests");
        ZtocBuilder last = ztoc();
        last.lastSpan = Optional.of(3);
        assertRefused(last, "the last span is 3");
        ZtocBuilder digest = ztoc().file("a", 512, 1);
        digest.digests.set(0, "sha512:" + "0".repeat(128));
        assertRefused(digest, "no SHA-256 digest");
        for (long spanSize : new long[] {0, -1, 6000, Long.MAX_VALUE}) {
            ZtocBuilder sizes = ztoc();
            sizes.checkpoints = FlatWriter.write(new Object[] {2, spanSize, (long) TAR.length});
            assertThatThrownBy(() -> read(sizes)).isInstanceOf(InvalidLayerException.class);
        }
        ZtocBuilder larger = ztoc();
        larger.tarSize = TAR.length + 1L;
        assertRefused(larger, "says that a tar of 20000 bytes has 20001");
        ZtocBuilder huge = ztoc();
        huge.tarSize = Long.MAX_VALUE;
        assertRefused(huge, "says that the tar has");
    }

    @Test
    void moreThanTheLimitsIsRefused() {
        ZtocBuilder many = ztoc();
        many.entries.addAll(Collections.nCopies(1001, new Object[] {"a"}));
        assertRefused(many, "1001 entries, allowed are 1000");
    }

    @Test
    void partsThatPointAtOnePlaceAgainAndAgainAreRefused() {
        byte[] names = new byte[400 * 4];
        byte[] bytes = ztoc().file("n".repeat(200), 512, 1).build().array();
        // A vector of 400 strings, all of them the one long name.
        ByteBuffer buffer = ByteBuffer.allocate(bytes.length + 4 + names.length).order(ByteOrder.LITTLE_ENDIAN);
        buffer.putInt(400).put(names).put(bytes);
        int name = new String(bytes, ISO_8859_1).indexOf("n".repeat(200)) + 4 + names.length - 4;
        for (int i = 0; i < 400; i++) {
            buffer.putInt(4 + 4 * i, name - (4 + 4 * i));
        }
        FlatBuffer flat = new FlatBuffer(buffer.rewind());
        FlatVector vector = new FlatVector(flat, 4, 400);

        assertThatThrownBy(() -> {
                    for (int i = 0; i < 400; i++) {
                        assertThat(vector.bytes(i).remaining()).isEqualTo(200);
                    }
                })
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("same place too often");
    }

    @Test
    void everyByteThatIsChangedGivesAnIndexOrARefusal() {
        ZtocBuilder ztoc = ztoc().entry("d/", "dir", 512, 0, "").file("d/f", 1024, 100, "SCHILY.xattr.user.a", "v");
        byte[] bytes = ztoc.build().array();
        LayerDescriptor layer = new LayerDescriptor("tar", "sha256:blob", TAR.length, Map.of());
        for (int at = 0; at < bytes.length; at++) {
            for (int value : new int[] {0, 1, 0x7F, 0x80, 0xFF, bytes[at] + 1}) {
                byte[] changed = bytes.clone();
                changed[at] = (byte) value;
                try {
                    SociLayer.read(ByteBuffer.wrap(changed), DIGEST, layer, Optional.empty(), LIMITS);
                } catch (InvalidLayerException e) {
                    assertThat(e).hasMessageMatching("(?s).+");
                }
            }
        }
    }
}
