package dev.sluice.layer.tar;

import static dev.sluice.layer.tar.RawTar.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GNU's sparse files: of 10,000 bytes, "ab" at 100 and "cd" at 9,998. */
class SparseFilesTest {
    private static final String[] MAP_IN_ONE_RECORD = {
        "GNU.sparse.size", "10000", "GNU.sparse.numblocks", "2", "GNU.sparse.map", "100,2,9998,2"
    };

    @Test
    void ofVersion00AreDescribedByPairsOfRecords() throws IOException {
        assertIsTheFile(new RawTar()
                .pax(
                        "GNU.sparse.size", "10000",
                        "GNU.sparse.numblocks", "2",
                        "GNU.sparse.offset", "100",
                        "GNU.sparse.numbytes", "2",
                        "GNU.sparse.offset", "9998",
                        "GNU.sparse.numbytes", "2")
                .file("f", "abcd"));
    }

    @Test
    void ofVersion01AreDescribedByOneRecord() throws IOException {
        assertIsTheFile(new RawTar().pax(MAP_IN_ONE_RECORD).file("f", "abcd"));
    }

    @Test
    void ofVersion10AreDescribedBeforeTheirData() throws IOException {
        String map = "2\n100\n2\n9998\n2\n";
        assertIsTheFile(new RawTar()
                .pax(
                        "GNU.sparse.major", "1",
                        "GNU.sparse.minor", "0",
                        "GNU.sparse.name", "f",
                        "GNU.sparse.realsize", "10000")
                .file("GNUSparseFile.1/f", map + "\0".repeat(512 - map.length()) + "abcd"));
    }

    @Test
    void ofVersion10MayHaveMapsOfManyBlocks() throws IOException {
        StringBuilder map = new StringBuilder("500\n");
        for (int i = 0; i < 500; i++) {
            map.append(2 * i).append("\n1\n");
        }
        map.append("\0".repeat(-map.length() & 511)).append("x".repeat(500));
        byte[] tar = new RawTar()
                .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "1000")
                .file("f", map.toString())
                .build();
        assertThat(new String(Scanned.of(tar).content("f"), UTF_8)).isEqualTo("x\0".repeat(500));
    }

    @Test
    void takeNoPlaceInTheTableWhereTheyHaveHoles() throws IOException {
        byte[] tar = new RawTar()
                .pax("GNU.sparse.size", "1000000", "GNU.sparse.numblocks", "1", "GNU.sparse.map", "999999,1")
                .file("f", "x")
                .build();
        LayerIndex index = TarLayer.pass(tar, 512, new Random(1)).index().toLayerIndex("sha256:i");
        assertThat(index.spans().deviceSize()).isEqualTo(1_003_520);
        assertThat(index.spans().extentCount()).isEqualTo(1);
        assertThat(index.spans().extentDeviceOffset(0)).isEqualTo(999_999);
        assertThat(index.spans().extentLength(0)).isEqualTo(1);
    }

    @Test
    void mayBeAllHole() throws IOException {
        byte[] tar = new RawTar()
                .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "5000")
                .file("f", "0\n" + "\0".repeat(510))
                .build();
        assertThat(Scanned.of(tar).content("f")).hasSize(5000).containsOnly(0);
    }

    @Test
    void ofUnknownVersionsAreOrdinaryFiles() throws IOException {
        byte[] tar = new RawTar()
                .pax("GNU.sparse.major", "2", "GNU.sparse.minor", "0", "GNU.sparse.name", "g")
                .file("f", "abc")
                .build();
        assertThat(Scanned.of(tar).content("f")).containsExactly('a', 'b', 'c');
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "100,2,101,2",
                "9998,2,100,2",
                "100,2,9999,2",
                "-1,2,5,2",
                "5,-1,6,2",
                "1,2,3",
                "1,2,3,x",
                "9223372036854775807,2,100,2"
            })
    void withMapsThatMakeNoSenseAreRefused(String map) {
        refused(new RawTar()
                .pax("GNU.sparse.size", "10000", "GNU.sparse.numblocks", "2", "GNU.sparse.map", map)
                .file("f", "abcd"));
    }

    @Test
    void withMoreOrFewerDataThanTheirMapSaysAreRefused() {
        refused(new RawTar().pax(MAP_IN_ONE_RECORD).file("f", "abc"));
        refused(new RawTar().pax(MAP_IN_ONE_RECORD).file("f", "abcde"));
    }

    @Test
    void withBrokenPairsOfRecordsAreRefused() {
        refused(new RawTar().pax("GNU.sparse.numbytes", "1").file("f", ""));
        refused(new RawTar()
                .pax("GNU.sparse.offset", "1", "GNU.sparse.offset", "2")
                .file("f", ""));
        refused(new RawTar().pax("GNU.sparse.offset", "1,2").file("f", ""));
    }

    @Test
    void ofVersion10WithBrokenMapsAreRefused() {
        for (String map : new String[] {"", "x\n", "-1\n", "9999999999\n", "1\n1\n", "1\n1\nx\n", "1\n", "0"}) {
            for (int padding : new int[] {0, 512 - map.length()}) {
                refused(new RawTar()
                        .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "10")
                        .file("f", map + "\0".repeat(padding)));
            }
        }
        refused(new RawTar()
                .pax("GNU.sparse.major", "1", "GNU.sparse.minor", "0", "GNU.sparse.realsize", "10")
                .file("f", "\0".repeat(2 << 20)));
    }

    @Test
    void thatAreNoFilesAreRefused() {
        refused(new RawTar().pax(MAP_IN_ONE_RECORD).add(header('5', "f")));
    }

    /** As a whiteout, because containerd refuses files of that type. */
    @Test
    void ofTheOldFormatHaveTheirMapsInFurtherHeaders() throws IOException {
        RawTar.Header sparse = header('S', ".wh.f")
                .magic("ustar  \0")
                .octal(386, 12, 100)
                .octal(398, 12, 2)
                .set(482, "\1")
                .octal(483, 12, 10_000);
        RawTar.Header more = new RawTar.Header().octal(0, 12, 9998).octal(12, 12, 2);
        byte[] extension = more.bytes();
        Arrays.fill(extension, 148, 156, (byte) 0);
        byte[] tar = new RawTar()
                .add(sparse.size(4))
                .bytes(extension)
                .bytes("abcd".getBytes(UTF_8))
                .bytes(new byte[508])
                .file("g", "x")
                .build();
        assertThat(Scanned.of(tar).paths()).containsExactly("f", "g");
        refused(new RawTar().add(sparse.magic("ustar\00000").size(4)));
        refused(new RawTar().add(sparse.magic("ustar  \0").octal(398, 12, 9901)).bytes(extension));
    }

    private static void assertIsTheFile(RawTar tar) throws IOException {
        Scanned scanned = Scanned.of(tar.file("next", "x").build());
        byte[] expected = new byte[10_000];
        expected[100] = 'a';
        expected[101] = 'b';
        expected[9998] = 'c';
        expected[9999] = 'd';
        assertThat(scanned.content("f")).isEqualTo(expected);
        assertThat(scanned.content("next")).containsExactly('x');
        assertThat(scanned.paths()).containsExactly("f", "next");
    }

    private static void refused(RawTar tar) {
        assertThatThrownBy(() -> Scanned.of(tar.file("next", "x").build())).isInstanceOf(InvalidLayerException.class);
    }
}
