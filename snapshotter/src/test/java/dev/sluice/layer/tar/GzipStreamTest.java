package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.SpanTableBuilder;
import dev.sluice.layer.StreamSpan;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.ZlibBlocks;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GzipStreamTest {
    private static final int SPACING = 64 << 10;

    private final StreamDecoders decoders = new StreamDecoders(ZlibBlocks.factory(Zlib.load()));
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
    void everyLevelDecodesAsAWholeAndBySpans(int level) throws IOException {
        byte[] content = Gzip.content(random, 2_000_000);
        DecodedBlob decoded = decode(Gzip.member(content, level));
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSizeGreaterThan(5);
        decoded.check();
    }

    @Test
    void spansBeginAtEachBitOfAByte() throws IOException {
        Set<Integer> bits = new TreeSet<>();
        for (int round = 0; round < 4; round++) {
            DecodedBlob decoded = decode(Gzip.member(Gzip.content(random, 4_000_000), 6), 20_000);
            decoded.check();
            decoded.spans().stream()
                    .filter(span -> span.auxiliary().length > 0)
                    .forEach(span -> bits.add((int) span.auxiliary()[0]));
        }
        assertThat(bits).as("seed %d", seed).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    }

    @Test
    void twoThousandRandomRangesAreThoseOfTheWholeStream() throws IOException {
        byte[] content = Gzip.content(random, 3_000_000);
        byte[] blob = Gzip.join(
                Gzip.member(Arrays.copyOf(content, 1_400_000), 6),
                Gzip.member(Arrays.copyOfRange(content, 1_400_000, 1_450_000), 0),
                Gzip.member(Arrays.copyOfRange(content, 1_450_000, 3_000_000), 9));
        DecodedBlob decoded = decode(blob);
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        decoded.checkRandomRanges(2000, random);
    }

    @Test
    void codesThatAreFixedOrWithoutRepetitionsAreDecoded() throws IOException {
        byte[] content = Gzip.content(random, 1_000_000);
        // Z_FIXED of zlib has no name in Java; whether its Deflater takes it is its zlib's affair.
        for (int strategy : new int[] {Deflater.HUFFMAN_ONLY, Deflater.FILTERED}) {
            DecodedBlob decoded = decode(Gzip.member(content, 6, strategy, Gzip.fullHeader()));
            assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
            decoded.check();
        }
    }

    @Test
    void membersThatFollowEachOtherAreOneStreamAndSpansBeginAtThemWithoutAWindow() throws IOException {
        byte[] content = Gzip.content(random, 1_000_000);
        byte[] blob = new byte[0];
        for (int at = 0; at < content.length; at += 40_000) {
            blob = Gzip.join(
                    blob,
                    Gzip.member(
                            Arrays.copyOfRange(content, at, at + 40_000),
                            6,
                            Deflater.DEFAULT_STRATEGY,
                            Gzip.fullHeader()));
        }
        DecodedBlob decoded = decode(Gzip.join(blob, Gzip.member(new byte[0], 6), Gzip.member(new byte[0], 0)));
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSize(25).allMatch(span -> span.auxiliary().length == 0);
        decoded.check();
        decoded.checkRandomRanges(100, random);
    }

    @Test
    void nothingButEmptyMembersHasNoSpans() throws IOException {
        DecodedBlob decoded = decode(Gzip.join(Gzip.member(new byte[0], 6), Gzip.member(new byte[0], 6)));
        assertThat(decoded.bytes()).isEmpty();
        assertThat(decoded.spans()).isEmpty();
    }

    @Test
    void blobsThatEndEarlyAreRefusedWhereverTheyEnd() {
        byte[] blob = Gzip.join(Gzip.member(Gzip.content(random, 300), 6), Gzip.member(new byte[9], 6));
        int boundary = blob.length - Gzip.member(new byte[9], 6).length;
        for (int length = 0; length < blob.length; length++) {
            byte[] part = Arrays.copyOf(blob, length);
            if (length != boundary) {
                assertThatThrownBy(() -> decode(part)).isInstanceOf(InvalidLayerException.class);
            }
        }
    }

    @Test
    void aMemberWithAnotherChecksumOrLengthIsRefused() {
        byte[] blob = Gzip.member(Gzip.content(random, 300_000), 6);
        for (int back = 1; back <= 8; back++) {
            byte[] bad = blob.clone();
            bad[bad.length - back] ^= 1;
            assertThatThrownBy(() -> decode(bad))
                    .isInstanceOf(InvalidLayerException.class)
                    .hasMessageContaining(back <= 4 ? "length" : "data check");
        }
    }

    @Test
    void aHeaderWithAnotherChecksumIsRefused() {
        byte[] header = Gzip.fullHeader();
        header[header.length - 1] ^= 1;
        byte[] blob = Gzip.member(new byte[100], 6, Deflater.DEFAULT_STRATEGY, header);
        assertThatThrownBy(() -> decode(blob))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("header");
    }

    @Test
    void whatFollowsAMemberIsAMemberAsForContainerd() {
        byte[] member = Gzip.member(new byte[100], 6);
        for (byte[] tail : new byte[][] {new byte[1], new byte[512], {1, 2, 3}}) {
            assertThatThrownBy(() -> decode(Gzip.join(member, tail))).isInstanceOf(InvalidLayerException.class);
        }
    }

    @Test
    void aFlippedBitNeverGivesOtherBytes() {
        byte[] content = Gzip.content(random, 3000);
        byte[] good = Gzip.member(content, 6, Deflater.DEFAULT_STRATEGY, Gzip.fullHeader());
        for (int i = 0; i < 5000; i++) {
            byte[] bad = good.clone();
            bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                assertThat(decode(bad).bytes()).as("seed %d", seed).isEqualTo(content);
            } catch (IOException e) {
                assertThat(e).as("seed %d", seed).isInstanceOf(InvalidLayerException.class);
            }
        }
    }

    @Test
    void aBlockLongerThanTheSpacingMakesALongerSpan() throws IOException {
        byte[] block = Gzip.member(Gzip.content(random, 50_000), 6);
        DecodedBlob decoded = decode(Gzip.join(block, Gzip.oneBlockOfZeros(1_000_001), block));
        assertThat(decoded.spans()).extracting(StreamSpan::decodedLength).containsExactly(50_000L, 1_000_001L, 50_000L);
        decoded.check();
    }

    @Test
    void aBlockTooLongForASpanIsOnlyDecodedAsAWhole() throws IOException {
        byte[] block = Gzip.member(Gzip.content(random, 100_000), 6);
        int zeros = SpanTableBuilder.MAX_DECODED + 1;
        DecodedBlob decoded = decode(Gzip.join(block, Gzip.oneBlockOfZeros(zeros), block));
        assertThat(decoded.bytes()).hasSize(zeros + 200_000);
        assertThat(decoded.spans()).isEmpty();
    }

    @Test
    void tooManyBlocksOfNothingAreOnlyDecodedAsAWhole() throws IOException {
        byte[] block = Gzip.member(Gzip.content(random, 100_000), 6);
        DecodedBlob decoded =
                decode(Gzip.join(block, Gzip.emptyBlocks(SpanTableBuilder.MAX_COMPRESSED / 5 + 1), block));
        assertThat(decoded.bytes()).hasSize(200_000);
        assertThat(decoded.spans()).isEmpty();
    }

    @Test
    void storedBlocksBetweenOthersAreGoodToBeginAt() throws IOException {
        byte[] content = Gzip.content(random, 3_000_000);
        DecodedBlob decoded = decode(Gzip.flushedMember(content, random), 1);
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        decoded.check();
        assertThat(decoded.spans())
                .as("seed %d", seed)
                .anyMatch(span -> span.auxiliary().length > 0
                        && span.auxiliary()[0] >= 3
                        && isStored(decoded.blobBytes(span)[0], span.auxiliary()[0]));
    }

    @ParameterizedTest
    @ValueSource(ints = {Deflater.SYNC_FLUSH, Deflater.FULL_FLUSH})
    void membersThatWereFlushedOnTheWayAreDecoded(int flush) throws IOException {
        byte[] content = Gzip.content(random, 1_500_000);
        DecodedBlob decoded = decode(flushed(content, flush));
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSizeGreaterThan(4);
        decoded.check();
    }

    /** What programs write that compress in parallel: an empty stored block after each 128 KiB. */
    private static byte[] flushed(byte[] content, int flush) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(new byte[] {0x1F, (byte) 0x8B, 8, 0, 0, 0, 0, 0, 0, 3});
        Deflater deflater = new Deflater(6, true);
        byte[] buffer = new byte[1 << 20];
        for (int at = 0; at < content.length; at += 128 << 10) {
            deflater.setInput(content, at, Math.min(128 << 10, content.length - at));
            out.write(buffer, 0, deflater.deflate(buffer, 0, buffer.length, flush));
        }
        deflater.finish();
        out.write(buffer, 0, deflater.deflate(buffer));
        deflater.end();
        CRC32 crc = new CRC32();
        crc.update(content);
        out.writeBytes(ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .putInt(content.length)
                .array());
        return out.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip -1", "gzip -6", "gzip -9"})
    void otherProgramsMembersAreDecoded(String command) throws IOException, InterruptedException {
        byte[] content = Gzip.content(random, 1_500_000);
        Optional<byte[]> blob = Gzip.byProgram(List.of(command.split(" ")), content);
        assumeTrue(blob.isPresent(), command + " is not installed");
        DecodedBlob decoded = decode(blob.get());
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(content);
        assertThat(decoded.spans()).hasSizeGreaterThan(4);
        decoded.check();
    }

    private static boolean isStored(byte first, int bits) {
        return ((first & 0xFF) >> (8 - bits) & 6) == 0;
    }

    private DecodedBlob decode(byte[] blob) throws IOException {
        return decode(blob, SPACING);
    }

    private DecodedBlob decode(byte[] blob, int spacing) throws IOException {
        return DecodedBlob.of(decoders.open(Compression.GZIP, spacing), blob, random, 200_000);
    }
}
