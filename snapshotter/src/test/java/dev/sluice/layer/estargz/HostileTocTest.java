package dev.sluice.layer.estargz;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.NoImage;
import dev.sluice.layer.toc.TocLimits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The manifest vouches for all of these, so that only their contents are against them. */
class HostileTocTest {
    private static final String DIGEST = "sha256:" + "ab".repeat(32);

    private final EstargzBuilder builder = new EstargzBuilder();

    @Nested
    class Chunks {
        @Test
        void thatLeaveAGapAreRefused() {
            part(0, 10).chunk(20, 10);
            refused("gap");
        }

        @Test
        void thatOverlapAreRefused() {
            part(0, 10).chunk(5, 25);
            refused("overlap");
        }

        @Test
        void thatEndEarlyOrLateAreRefused() {
            part(0, 10).chunk(10, 10);
            refused("end at 20 of 30 bytes");
        }

        @Test
        void thatReachBeyondTheFileAreRefused() {
            part(0, 31);
            refused("beyond its end");
        }

        @Test
        void thatDoNotBeginAtTheStartAreRefused() {
            part(1, 29);
            refused("expected at most 30 at 0");
        }

        @Test
        void withoutAFileAreRefused() {
            builder.entry("f", "chunk", "chunkOffset", 0, "chunkSize", 1, "chunkDigest", DIGEST);
            refused("does not follow the file");
        }

        @Test
        void ofAnotherFileAreRefused() {
            part(0, 10);
            builder.entry("g", "chunk", "chunkOffset", 10, "chunkDigest", DIGEST);
            refused("does not follow the file");
        }

        @Test
        void afterAnotherEntryAreRefused() {
            part(0, 10);
            builder.directory("d");
            chunk(10, 20);
            refused("end at 10 of 30 bytes");
        }

        @Test
        void ofAnUnknownTypeAreRefused() {
            builder.entry("f", "reg", "size", 10, "digest", DIGEST, "chunkType", "ones");
            refused("unknown type");
        }

        @Test
        void ofZerosLeaveNoGapEither() {
            builder.entry("f", "reg", "size", 10, "chunkSize", 4, "chunkType", "zeros");
            refused("end at 4 of 10 bytes");
        }

        @Test
        void ofAnEmptyFileAreRefused() {
            builder.file("f", new byte[0]);
            chunk(0, 0);
            refused("chunks of a file");
        }

        @Test
        void thatOverlapInWhatTheBlobDecodesToAreRefused() {
            file("f", "size", 30, "innerOffset", 0);
            file("g", "size", 30, "innerOffset", 29);
            refused("overlap in what the blob decodes to");
        }

        @Test
        void thatLieOutsideOfTheBlobAreRefused() {
            file("f", "size", 30, "offset", 1_000_000);
            refused("beyond the end of the data");
        }

        @Test
        void withNegativeOrHugeNumbersAreRefused() {
            for (Object number : List.of(-1, Long.MIN_VALUE, Long.MAX_VALUE)) {
                refused(new EstargzBuilder().entry("f", "reg", "size", number, "digest", DIGEST), "size of");
                refused(new EstargzBuilder().entry("f", "reg", "size", 9, "offset", number, "digest", DIGEST), "");
                refused(new EstargzBuilder().entry("f", "reg", "size", 9, "innerOffset", number, "digest", DIGEST), "");
                refused(new EstargzBuilder().entry("f", "reg", "size", 9, "chunkSize", number, "digest", DIGEST), "");
                refused(new EstargzBuilder().entry("f", "reg", "size", 9, "chunkOffset", number, "digest", DIGEST), "");
            }
        }

        @Test
        void thatDoNotFitMemoryAreRefused() {
            file("f", "size", (64 << 20) + 1);
            refused("allowed are 67108864");
        }

        private Chunks part(int offset, int size) {
            file("f", "size", 30, "chunkOffset", offset, "chunkSize", size);
            return this;
        }

        private void chunk(int offset, int size) {
            builder.entry("f", "chunk", "offset", 1, "chunkOffset", offset, "chunkSize", size, "chunkDigest", DIGEST);
        }

        private void file(String name, Object... fields) {
            builder.member(new byte[30]);
            Object[] all = Arrays.copyOf(fields, fields.length + 2);
            all[fields.length] = "chunkDigest";
            all[fields.length + 1] = DIGEST;
            builder.entry(name, "reg", all);
        }
    }

    @Nested
    class Digests {
        @Test
        void mustCoverEveryChunk() {
            builder.member(new byte[30]);
            refused(builder.entry("f", "reg", "size", 30), "no digest");
            refused(new EstargzBuilder().entry("f", "reg", "size", 30, "chunkSize", 10, "digest", DIGEST), "no digest");
        }

        @Test
        void mustBeOfSha256() {
            refused(builder.entry("f", "reg", "size", 30, "digest", "md5:" + "ab".repeat(16)), "other than SHA-256");
            refused(new EstargzBuilder().entry("f", "reg", "size", 30, "digest", DIGEST + "00"), "other than SHA-256");
            refused(
                    new EstargzBuilder().entry("f", "reg", "size", 30, "digest", "sha256:" + "xy".repeat(32)),
                    "malformed digest");
        }

        @Test
        void ofAFileAndItsOnlyChunkMustBeTheSame() {
            refused(
                    builder.entry("f", "reg", "size", 1, "digest", DIGEST, "chunkDigest", DIGEST.replace('a', 'c')),
                    "two digests");
        }
    }

    @Nested
    class Json {
        @Test
        void withAFieldTwiceIsRefused() {
            refusedEntry("\"name\":\"a\",\"name\":\"b\",\"type\":\"dir\"", "field name twice");
            refusedEntry("\"name\":\"a\",\"Name\":\"b\",\"type\":\"dir\"", "in case only");
            refusedEntry("\"name\":\"a\",\"type\":\"dir\",\"lin\u212aname\":\"b\"", "in case only");
            refused("{\"version\":1,\"entries\":[],\"entries\":[]}", "two fields entries");
            refused("{\"version\":1,\"Version\":1,\"entries\":[]}", "two fields version");
            refusedEntry(
                    "\"name\":\"a\",\"type\":\"dir\",\"xattrs\":{\"user.a\":\"\",\"user.a\":\"\"}", "attribute twice");
        }

        @Test
        void withNamesThatAreNotUtf8IsRefused() {
            refusedEntry("\"name\":\"a\\ud800\",\"type\":\"dir\"", "not UTF-8");
            refusedEntry("\"name\":\"a\\udc80\",\"type\":\"dir\"", "not UTF-8");
            refusedEntry("\"name\":\"a\\ufffd\",\"type\":\"dir\"", "not UTF-8");
            refusedEntry("\"name\":\"a\",\"type\":\"symlink\",\"linkName\":\"\\ufffd\"", "not UTF-8");
            refusedEntry("\"name\":\"a\\u0000b\",\"type\":\"dir\"", "NUL");
        }

        @Test
        void withOtherTypesThanExpectedIsRefused() {
            refusedEntry("\"name\":1", "name of an entry is no string");
            refusedEntry("\"name\":\"a\",\"size\":\"1\"", "size of the table of contents is no integer");
            refusedEntry("\"name\":\"a\",\"size\":1.5", "no integer");
            refusedEntry("\"name\":\"a\",\"size\":1e3", "no integer");
            refusedEntry("\"name\":\"a\",\"size\":99999999999999999999", "malformed");
            refusedEntry("\"name\":\"a\",\"size\":" + "9".repeat(1000), "malformed");
            refusedEntry("\"name\":\"a\",\"xattrs\":[]", "no JSON object");
            refusedEntry("\"name\":\"a\",\"xattrs\":{\"user.a\":1}", "no string");
            refusedEntry("\"name\":\"a\",\"xattrs\":{\"user.a\":\"*\"}", "malformed");
            refused("{\"version\":1,\"entries\":{}}", "no array");
            refused("{\"version\":1,\"entries\":[1]}", "no JSON object");
            refused("{\"version\":\"1\",\"entries\":[]}", "no integer");
            refused("[]", "no JSON object");
            refused("", "no JSON object");
        }

        @Test
        void thatIsNotWholeOrMoreThanWholeIsRefused() {
            refused("{\"version\":1,\"entries\":[", "malformed");
            refused("{\"version\":1,\"entries\":[]", "malformed");
            refused("{\"version\":1,\"entries\":[]} {}", "more JSON");
            refused("{\"version\":1,\"entries\":[]}x", "malformed");
            refused("{\"version\":1}", "no version or no entries");
            refused("{\"entries\":[]}", "no version or no entries");
            refused("{\"version\":2,\"entries\":[]}", "version 2, expected 1");
        }

        @Test
        void thatIsDeepOrLongIsRefused() {
            refusedEntry("\"x\":" + "[".repeat(100_000), "malformed");
            refusedEntry("\"x\":" + "{\"a\":".repeat(100_000), "malformed");
            refusedEntry("\"name\":\"" + "x".repeat(200_000) + "\"", "malformed");
            refusedEntry("\"" + "x".repeat(200_000) + "\":1", "malformed");
            refusedEntry("\"name\":\"" + "x/".repeat(10_000) + "\",\"type\":\"dir\"", "longer than 4095");
        }

        @Test
        void ofUnknownMeaningIsIgnored() throws IOException {
            EstargzBuilder.Layer layer = builder.build(
                    "{\"x\":[{}],\"version\":1,\"entries\":[{\"y\":{\"z\":[1]},\"name\":\"a\",\"type\":\"dir\",\"uid\":null}]}"
                            .getBytes(UTF_8));
            Result result = new EstargzFormat().read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage());
            assertThat(((Result.Indexed) result).index().entries()).hasSize(1);
        }

        @Test
        void withoutEntriesIsAnEmptyLayer() throws IOException {
            EstargzBuilder.Layer layer = builder.build("{\"version\":1,\"entries\":null}".getBytes(UTF_8));
            Result result = new EstargzFormat().read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage());
            assertThat(((Result.Indexed) result).index().entries()).isEmpty();
            assertThat(((Result.Indexed) result).index().spans().deviceSize()).isZero();
        }

        private void refusedEntry(String fields, String message) {
            refused("{\"version\":1,\"entries\":[{" + fields + "}]}", message);
        }

        private void refused(String json, String message) {
            HostileTocTest.refused(new EstargzBuilder().build(json.getBytes(UTF_8)), message);
        }
    }

    @Test
    void attributesOutOfRangeAreRefused() {
        refused(new EstargzBuilder().directory("d", "uid", -1), "out of range");
        refused(new EstargzBuilder().directory("d", "gid", 1L << 32), "out of range");
        refused(new EstargzBuilder().directory("d", "mode", -1), "out of range");
        refused(new EstargzBuilder().directory("d", "modtime", "yesterday"), "modtime");
        refused(new EstargzBuilder().entry("d", "door"), "unknown type");
        refused(new EstargzBuilder().entry("d", ""), "unknown type");
        refused(new EstargzBuilder().hardLink("a", "b"), "no file that came before");
    }

    @Test
    void theTarAroundTheJsonIsChecked() {
        byte[] toc = EstargzBuilder.json(Map.of("version", 1, "entries", List.of()));
        refused(builder.build(toc, EstargzBuilder.tar("other.json", toc)), "does not begin with stargz.index.json");
        byte[] tar = EstargzBuilder.tar(TocStream.NAME, toc);
        refused(builder.build(toc, Arrays.copyOf(tar, 500)), "does not begin");
        refused(builder.build(toc, Arrays.copyOf(tar, 520)), "early");
        byte[] sum = tar.clone();
        sum[130]++;
        refused(builder.build(toc, sum), "checksum");
    }

    @Test
    void moreThanTheLimitsIsRefused() {
        builder.file("a", new byte[10]).file("b", new byte[10]).file("c", new byte[10]);
        EstargzBuilder.Layer layer = builder.build();
        refused(new TocLimits(10, 10_000, 10, 1000), layer, "allowed are 10");
        refused(new TocLimits(10_000, 100, 10, 1000), layer, "allowed are 100");
        refused(new TocLimits(10_000, 10_000, 2, 1000), layer, "more than 2 entries");
        refused(new TocLimits(10_000, 10_000, 10, 2), layer, "more than 2 bytes");
    }

    @Test
    void externalTablesOfContentsAreNotForUs() throws IOException {
        EstargzBuilder.Layer layer =
                builder.buildRaw(DIGEST, EstargzBuilder.emptyMember("SG\u0011\0STARGZEXTERNALTOC"));
        assertThat(new EstargzFormat().read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage()))
                .isEqualTo(new Result.NotThisFormat(
                        "its table of contents is not in the image beside its own, whose tag would end in -esgztoc"));
    }

    private void refused(String message) {
        refused(builder.build(), message);
    }

    private static void refused(EstargzBuilder broken, String message) {
        refused(broken.build(), message);
    }

    private static void refused(EstargzBuilder.Layer layer, String message) {
        refused(TocLimits.forHeap(1L << 30), layer, message);
    }

    private static void refused(TocLimits limits, EstargzBuilder.Layer layer, String message) {
        assertThatThrownBy(() ->
                        new EstargzFormat(limits).read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage()))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }
}
