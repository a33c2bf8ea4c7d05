package dev.sluice.layer.tar;

import static dev.sluice.layer.tar.RawTar.header;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What containerd makes of such tars was found by having it apply them; archive/tar is Go's. */
class TarScannerTest {
    @Nested
    class TheEnd {
        @Test
        void isTwoBlocksOfZerosOrMissing() throws IOException {
            byte[] tar = new RawTar().file("a", "x").build();
            for (int zeros : new int[] {0, 512, 1024, 10_240}) {
                assertThat(Scanned.of(Arrays.copyOf(tar, tar.length + zeros)).paths())
                        .containsExactly("a");
            }
        }

        @Test
        void mayComeBeforeTheLastPaddingIsDone() throws IOException {
            byte[] tar = new RawTar().file("a", "x").build();
            for (int length : new int[] {513, 514, 1023}) {
                assertThat(Scanned.of(Arrays.copyOf(tar, length)).content("a")).containsExactly('x');
            }
        }

        @Test
        void isNotWithinAnEntry() {
            byte[] tar = new RawTar()
                    .pax("path", "b")
                    .file("a", "x".repeat(600))
                    .end()
                    .build();
            for (int length : new int[] {1, 511, 513, 520, 1025, 1535, 1536, 2135}) {
                refused(Arrays.copyOf(tar, length), "ends within an entry");
            }
        }

        @Test
        void hidesAllThatIsBehindIt() throws IOException {
            byte[] tar = new RawTar()
                    .file("a", "x")
                    .end()
                    .file("b", "y")
                    .bytes(new byte[] {1, 2, 3})
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("a");
        }

        @Test
        void isNotOneBlockOfZeros() {
            refused(new RawTar().file("a", "x").bytes(new byte[512]).file("b", "y"), "one block of zeros");
            refused(new RawTar().file("a", "x").bytes(new byte[700]), "ends within an entry");
        }

        @Test
        void ofAnEmptyTarIsItsBeginning() throws IOException {
            assertThat(Scanned.of(new byte[0]).entries()).isEmpty();
            assertThat(Scanned.of(new byte[512]).entries()).isEmpty();
        }
    }

    @Nested
    class Headers {
        @Test
        void haveAChecksumOfBytesWithOrWithoutSign() throws IOException {
            byte[] block = header('0', "\u00e9").bytes();
            assertThat(Scanned.of(block).paths()).containsExactly("\udce9");
            int signed = 0;
            for (int i = 0; i < 512; i++) {
                signed += i >= 148 && i < 156 ? ' ' : block[i];
            }
            System.arraycopy("%06o\0 ".formatted(signed).getBytes(ISO_8859_1), 0, block, 148, 8);
            assertThat(Scanned.of(block).paths()).containsExactly("\udce9");
            block[0]++;
            refused(block, "checksum");
        }

        @Test
        void haveAPrefixInUstarOnly() throws IOException {
            assertThat(Scanned.of(header('0', "a").set(345, "p").bytes()).paths())
                    .containsExactly("p/a");
            assertThat(Scanned.of(header('0', "a").magic("ustar  \0").bytes()).paths())
                    .containsExactly("a");
            assertThat(Scanned.of(header('0', "a")
                                    .magic("\0\0\0\0\0\0\0\0")
                                    .set(345, "p")
                                    .bytes())
                            .paths())
                    .containsExactly("a");
        }

        @Test
        void ofEarlyVersionsOfGoHaveAPrefixWhereGnuHasTimes() throws IOException {
            assertThat(Scanned.of(header('0', "a")
                                    .magic("ustar  \0")
                                    .set(345, "prefix")
                                    .bytes())
                            .paths())
                    .containsExactly("prefix/a");
            assertThat(Scanned.of(header('0', "a")
                                    .magic("ustar  \0")
                                    .set(345, "pr\u00e9")
                                    .bytes())
                            .paths())
                    .containsExactly("a");
            assertThat(Scanned.of(header('0', "a")
                                    .magic("ustar  \0")
                                    .set(345, "00000000123")
                                    .bytes())
                            .paths())
                    .containsExactly("a");
        }

        @Test
        void ofStarHaveAShorterPrefixAndTimesBehindIt() throws IOException {
            RawTar.Header star = header('0', "a")
                    .set(345, "p".repeat(131))
                    .octal(476, 12, 1)
                    .octal(488, 12, 1)
                    .set(508, "tar\0");
            assertThat(Scanned.of(star.bytes()).paths()).containsExactly("p".repeat(131) + "/a");
            refused(star.set(476, "no time").bytes(), "malformed number");
        }

        @Test
        void holdNumbersInBase256() throws IOException {
            RawTar.Header large =
                    header('0', "a").set(108, "\u0080\0\0\0\u00ff\0\0\1").set(136, "\u0080\0\0\0\0\0\0\1\0\0\0\0");
            assertThat(Scanned.of(large.bytes()).attributes("a"))
                    .satisfies(a -> assertThat(a.uid()).isEqualTo(0xFF000001))
                    .satisfies(a -> assertThat(a.mtimeSeconds()).isEqualTo(1L << 32));
            RawTar.Header negative = header('0', "a").set(136, "\u00ff".repeat(12));
            assertThat(Scanned.of(negative.bytes()).attributes("a").mtimeSeconds())
                    .isZero();
            refused(header('0', "a").set(136, "\u0080\1" + "\0".repeat(10)).bytes(), "64 bits");
            refused(header('0', "a").set(124, "\u00ff".repeat(12)).bytes(), "entry of -1 bytes");
        }

        @Test
        void holdNumbersBetweenSpacesAndNuls() throws IOException {
            RawTar.Header spaced = header('0', "a").set(108, "  17  \0 ").set(116, "\0".repeat(8));
            assertThat(Scanned.of(spaced.bytes()).attributes("a").uid()).isEqualTo(15);
            refused(header('0', "a").set(108, "0000008\0").bytes(), "malformed number");
            refused(header('0', "a").set(329, "x").bytes(), "malformed number");
        }

        @Test
        void haveModesOfWhichTwelveBitsCount() throws IOException {
            assertThat(Scanned.of(header('0', "a").octal(100, 8, 0107755).bytes())
                            .attributes("a")
                            .mode())
                    .isEqualTo(07755);
        }

        @Test
        void withoutAnOwnerAreRefused() {
            refused(header('0', "a").set(108, "\u00ff".repeat(8)).bytes(), "owner -1");
        }
    }

    @Nested
    class Types {
        @Test
        void areThoseThatContainerdKnows() throws IOException {
            byte[] tar = new RawTar()
                    .file("0", "x")
                    .add(header('1', "1").link("0"))
                    .add(header('2', "2").link("target"))
                    .add(header('3', "3").octal(329, 8, 5).octal(337, 8, 6))
                    .add(header('4', "4").octal(329, 8, 7).octal(337, 8, 8))
                    .add(header('5', "5/"))
                    .add(header('6', "6"))
                    .build();
            assertThat(Scanned.of(tar).entries())
                    .extracting(entry -> entry.getClass().getSimpleName())
                    .containsExactly(
                            "RegularFile", "HardLink", "Symlink", "CharDevice", "BlockDevice", "Directory", "Fifo");
        }

        @Test
        void ofOldTarsAreFilesOrDirectoriesByTheirNames() throws IOException {
            Scanned scanned = Scanned.of(new RawTar()
                    .sized(header('\0', "f"), "x")
                    .add(header('\0', "d/"))
                    .build());
            assertThat(scanned.content("f")).containsExactly('x');
            assertThat(scanned.entry("d")).isInstanceOf(Entry.Directory.class);
            assertThat(Scanned.of(new RawTar().file("f/", "x").build()).content("f"))
                    .containsExactly('x');
        }

        @ParameterizedTest
        @ValueSource(chars = {'7', 'S', 'V', 'D', 'M', '\u00ff'})
        void thatContainerdRefusesAreRefused(char type) {
            RawTar.Header other = header(type, "a").magic("ustar  \0").octal(483, 12, 0);
            refused(other.bytes(), "of type " + (int) type);
        }

        @Test
        void withoutContentsHaveNoneWhateverTheirSize() throws IOException {
            byte[] tar = new RawTar()
                    .add(header('5', "d").size(5000))
                    .add(header('2', "l").link("x").size(1 << 20))
                    .file("f", "x")
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("d", "f", "l");
        }
    }

    @Nested
    class PaxRecordsOfAnEntry {
        @Test
        void replaceItsFields() throws IOException {
            byte[] tar = new RawTar()
                    .pax(
                            "path", "long/p\u00c3\u00a4th",
                            "uid", "4000000000",
                            "gid", "70000",
                            "mtime", "1700000000.1234567891",
                            "size", "2",
                            "SCHILY.xattr.user.x", "v\0\n=",
                            "SCHILY.xattr.user.empty", "",
                            "LIBARCHIVE.xattr.user.y", "eA==",
                            "comment", "no matter")
                    .add(header('0', "short").size(700), "ab")
                    .pax("linkpath", "target\u00ff")
                    .add(header('2', "l").link("other"))
                    .build();
            Scanned scanned = Scanned.of(tar);
            assertThat(scanned.content("long/p\u00e4th")).containsExactly('a', 'b');
            assertThat(scanned.attributes("long/p\u00e4th")).satisfies(a -> {
                assertThat(Integer.toUnsignedString(a.uid())).isEqualTo("4000000000");
                assertThat(a.gid()).isEqualTo(70_000);
                assertThat(a.mtimeSeconds()).isEqualTo(1_700_000_000);
                assertThat(a.mtimeNanos()).isEqualTo(123_456_789);
                assertThat(a.xattrs()).containsOnlyKeys("user.x", "user.empty");
                assertThat(a.xattrs()).containsEntry("user.x", "v\0\n=".getBytes(UTF_8));
            });
            assertThat(((Entry.Symlink) scanned.entry("l")).target()).isEqualTo("target\udcff");
        }

        @Test
        void areThoseOfTheLastHeader() throws IOException {
            byte[] tar = new RawTar()
                    .pax("path", "a", "mtime", "5")
                    .pax("path", "b", "path", "c")
                    .file("d", "")
                    .file("e", "")
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("c", "e");
            assertThat(Scanned.of(tar).attributes("c").mtimeSeconds()).isEqualTo(1000);
        }

        @Test
        void withoutAValueChangeNothing() throws IOException {
            assertThat(Scanned.of(new RawTar()
                                    .pax("path", "", "uid", "")
                                    .file("a", "")
                                    .build())
                            .paths())
                    .containsExactly("a");
        }

        @Test
        void mayHoldTimesBefore1970() throws IOException {
            for (String time : List.of("-1", "-0.5", "-100.25")) {
                assertThat(Scanned.of(new RawTar()
                                        .pax("mtime", time)
                                        .file("a", "")
                                        .build())
                                .attributes("a")
                                .mtimeSeconds())
                        .isZero();
            }
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "5",
                    "x 5",
                    "4 a=",
                    "5 =b\n",
                    "99 a=b\n",
                    "6 a=b",
                    "06 a=b\n\n",
                    "-6 a=b\n",
                    "6 abc\n",
                    "10 path=\0a\n",
                    "7 \0=ab\n",
                    "12 uid=zero\n",
                    "11 mtime=.\n",
                    "13 mtime=1.x\n",
                    "12 size=-12\n",
                    "13 atime=now\n",
                    "26 uid=9223372036854775808\n"
                })
        void thatAreMalformedAreRefused(String records) {
            assertThatThrownBy(() -> Scanned.of(new RawTar()
                            .sized(header('x', "x"), records)
                            .file("a", "")
                            .build()))
                    .isInstanceOf(InvalidLayerException.class);
        }

        @Test
        void areBounded() {
            refused(header('x', "x").size((1 << 20) + 1).bytes(), "header of 1048577 bytes");
        }
    }

    @Nested
    class GlobalRecords {
        @Test
        void haveNoEffectOnEntries() throws IOException {
            byte[] tar = new RawTar()
                    .sized(header('g', "pax_global_header"), RawTar.record("mtime", "5"))
                    .file("a", "")
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("a");
            assertThat(Scanned.of(tar).attributes("a").mtimeSeconds()).isEqualTo(1000);
        }

        @Test
        void loseWhatStandsBeforeThem() throws IOException {
            byte[] tar = new RawTar()
                    .pax("path", "p")
                    .gnuLong('L', "l")
                    .sized(header('g', "g"), RawTar.record("comment", "x"))
                    .file("a", "")
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("a");
        }

        @Test
        void removeAnEntryOfTheirName() throws IOException {
            byte[] tar = new RawTar()
                    .file("a", "")
                    .file("b", "")
                    .sized(header('g', "g"), RawTar.record("path", "a"))
                    .build();
            assertThat(Scanned.of(tar).paths()).containsExactly("b");
        }
    }

    @Nested
    class GnuLongNames {
        @Test
        void winOverPaxRecords() throws IOException {
            byte[] tar = new RawTar()
                    .gnuLong('L', "long/" + "n".repeat(200) + "\0ignored")
                    .gnuLong('K', "target\0")
                    .pax("path", "p", "linkpath", "q")
                    .add(header('2', "s").link("t"))
                    .build();
            assertThat(Scanned.of(tar).entries()).singleElement().isInstanceOfSatisfying(Entry.Symlink.class, link -> {
                assertThat(link.path()).isEqualTo("long/" + "n".repeat(200));
                assertThat(link.target()).isEqualTo("target");
            });
        }

        @Test
        void thatAreEmptyDoNotCount() throws IOException {
            assertThat(Scanned.of(new RawTar().gnuLong('L', "").file("a", "").build())
                            .paths())
                    .containsExactly("a");
        }

        @Test
        void areBounded() {
            refused(header('L', "x").size((1 << 20) + 1).bytes(), "header of 1048577 bytes");
        }
    }

    @Test
    void contentsOfWhiteoutsAndOfTheRootAreSkipped() throws IOException {
        byte[] tar = new RawTar()
                .file(".wh.a", "x".repeat(5000))
                .file("/", "y".repeat(600))
                .file("f", "z")
                .build();
        Scanned scanned = Scanned.of(tar);
        assertThat(scanned.device()).hasSize(4096);
        assertThat(scanned.content("f")).containsExactly('z');
        assertThat(scanned.paths()).containsExactly("a", "f");
    }

    @Test
    void limitsHold() throws IOException {
        byte[] tar = new RawTar().file("a", "x").file("b", "y").build();
        PlainLayerLimits all = TarLayer.LIMITS;
        PlainLayerLimits few = new PlainLayerLimits(1, all.names(), all.metadata(), all.index(), all.device());
        PlainLayerLimits small = new PlainLayerLimits(all.entries(), all.names(), all.metadata(), all.index(), 8191);
        assertThatThrownBy(() -> Scanned.of(tar, few, new Random(1))).hasMessageContaining("more than 1 names");
        assertThat(Scanned.of(tar, small, new Random(1)).paths()).hasSize(2);
        byte[] more = new RawTar().bytes(tar).file("c", "z").build();
        assertThatThrownBy(() -> Scanned.of(more, small, new Random(1))).hasMessageContaining("more than 8191 bytes");
    }

    private static void refused(RawTar tar, String message) {
        refused(tar.build(), message);
    }

    private static void refused(byte[] tar, String message) {
        assertThatThrownBy(() -> Scanned.of(tar))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }
}
