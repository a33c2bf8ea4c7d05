package dev.sluice.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What containerd makes of such tars was found by applying them with containerd itself. */
class LayerTreeTest {
    private static final Attributes A = new Attributes(0640, 1, 2, 1_700_000_000, 5, Map.of());
    private static final Attributes B = new Attributes(0755, 3, 4, 1_800_000_000, 6, Map.of());

    private static final Attributes SYMLINK_B = new Attributes(0777, 3, 4, 1_800_000_000, 6, Map.of());

    private final LayerTree tree = new LayerTree(100, 10_000);

    @Nested
    class Names {
        @Test
        void areCleaned() throws InvalidLayerException {
            tree.directory("./a/", A);
            tree.regularFile("/a//./b", A, 1, 0);
            tree.regularFile("c/.", A, 1, 1);
            assertThat(entries()).containsExactly(directory("a", A), file("a/b", A, 0), file("c", A, 1));
        }

        @Test
        void directoriesWithoutAnEntryAreLeftOut() throws InvalidLayerException {
            tree.regularFile("a/b/c", A, 1, 0);
            assertThat(entries()).containsExactly(file("a/b/c", A, 0));
        }

        @Test
        void thatWouldEscapeStayBelowTheRoot() throws InvalidLayerException {
            tree.regularFile("../a", A, 1, 0);
            tree.regularFile("/b/../../../c", A, 1, 1);
            tree.regularFile("d/e/../f", A, 1, 2);
            assertThat(entries()).containsExactly(file("a", A, 0), file("c", A, 1), file("d/f", A, 2));
        }

        @Test
        void areBytesThatStandForAFileName() {
            refused(() -> tree.regularFile("a\0b", A, 1, 0), "NUL");
            refused(() -> tree.regularFile("a\ud800", A, 1, 0), "well-formed");
        }

        @Test
        void areAsLongAsLinuxAllowsAndNoLonger() throws InvalidLayerException {
            tree.regularFile("ü".repeat(127) + "x", A, 1, 0);
            refused(() -> tree.regularFile("ü".repeat(128), A, 1, 0), "part of 256 bytes");
        }

        @Test
        void asDeepAsAPathCanBeAreNoProblemForASmallStack() throws Exception {
            LayerTree deep = new LayerTree(100_000, 1L << 30);
            StackOverflowError[] overflow = new StackOverflowError[1];
            Thread thread = new Thread(
                    null,
                    () -> {
                        try {
                            deep.regularFile("d/".repeat(2047) + "f", A, 1, 0);
                        } catch (InvalidLayerException e) {
                            throw new IllegalStateException(e);
                        } catch (StackOverflowError e) {
                            overflow[0] = e;
                        }
                    },
                    "small stack",
                    160 << 10);
            thread.start();
            thread.join();
            assertThat(overflow[0]).isNull();
            assertThat(deep.entries(i -> 0)).hasSize(1);
            refused(() -> deep.regularFile("d/".repeat(2048) + "f", A, 1, 0), "longer than 4095 bytes");
        }

        @Test
        void belowSomethingOtherThanADirectoryAreRefused() throws InvalidLayerException {
            tree.regularFile("f", A, 1, 0);
            tree.symlink("l", A, "f");
            refused(() -> tree.directory("f/x", A), "below 'f'");
            refused(() -> tree.directory("f/x/y", A), "below 'f'");
            refused(() -> tree.directory("l/x", A), "below 'f'");
        }
    }

    @Nested
    class SymbolicLinksAboveAnEntry {
        @Test
        void areFollowed() throws InvalidLayerException {
            tree.symlink("lib", A, "usr/lib");
            tree.regularFile("lib/x/f", A, 1, 0);
            tree.directory("lib/y", B);
            tree.regularFile("lib/.wh.gone", A, 1, 1);
            assertThat(entries())
                    .extracting(Entry::path)
                    .containsExactly("lib", "usr/lib/gone", "usr/lib/x/f", "usr/lib/y");
        }

        @Test
        void leadNowhereOutOfTheRoot() throws InvalidLayerException {
            tree.symlink("d/l", A, "../../../e");
            tree.symlink("m", A, "/d/l");
            tree.regularFile("m/f", A, 1, 0);
            tree.symlink("n", A, "/");
            tree.regularFile("n/g", A, 1, 1);
            assertThat(entries()).contains(file("e/f", A, 0), file("g", A, 1)).hasSize(5);
        }

        @Test
        void mayLeadToWhatIsNotThere() throws InvalidLayerException {
            tree.symlink("l", A, "a/b");
            tree.regularFile("l/f", A, 1, 0);
            assertThat(entries()).contains(file("a/b/f", A, 0)).hasSize(2);
        }

        @Test
        void meetDotsInTheNameBeforeTheyAreFollowed() throws InvalidLayerException {
            tree.symlink("l", A, "a/b");
            tree.regularFile("l/../f", A, 1, 0);
            assertThat(entries()).contains(file("f", A, 0));
        }

        @Test
        void areNotFollowedAsTheLastPart() throws InvalidLayerException {
            tree.directory("d", A);
            tree.symlink("l", A, "d");
            tree.directory("l", B);
            assertThat(entries()).containsExactly(directory("d", A), directory("l", B));
        }

        @Test
        void inCirclesAreRefused() throws InvalidLayerException {
            tree.symlink("a", A, "b");
            tree.symlink("b", A, "a");
            tree.symlink("c", A, "c/c");
            refused(() -> tree.regularFile("a/f", A, 1, 0), "symbolic links");
            refused(() -> tree.regularFile("c/f", A, 1, 0), "symbolic links");
            refused(() -> tree.hardLink("h", A, "b/f"), "symbolic links");
        }

        @Test
        void thatMultiplyAreRefusedBeforeTheyTakeForEver() throws InvalidLayerException {
            LayerTree large = new LayerTree(1000, 1 << 20);
            String target = "l/".repeat(2000);
            large.symlink("l", A, target);
            refused(
                    () -> {
                        for (int i = 0; i < 100_000; i++) {
                            large.regularFile("l/" + i, A, 1, 0);
                        }
                    },
                    "");
        }

        @Test
        void leadHardLinksToTheirTargets() throws InvalidLayerException {
            tree.regularFile("usr/lib/f", A, 1, 0);
            tree.symlink("lib", A, "usr/lib");
            tree.symlink("usr/lib/s", A, "f");
            tree.hardLink("a", A, "lib/f");
            tree.hardLink("b", A, "../lib/./s");
            tree.hardLink("c", A, "lib/s/");
            assertThat(entries())
                    .contains(
                            file("a", A, 0),
                            new Entry.HardLink("c", "a"),
                            new Entry.HardLink("usr/lib/f", "a"),
                            new Entry.HardLink("usr/lib/s", "b"));
        }
    }

    @Nested
    class TheRoot {
        @Test
        void keepsItsAttributesWhateverTheTarSays() throws InvalidLayerException {
            tree.directory("./", A);
            assertThat(entries())
                    .containsExactly(directory("", new Attributes(0755, 0, 0, A.mtimeSeconds(), 0, Map.of())));
        }

        @Test
        void isADirectoryWhateverTheTarSays() throws InvalidLayerException {
            assertThat(tree.regularFile("/", A, 1, 0)).isFalse();
            tree.symlink(".", A, "x");
            tree.hardLink("./", A, "x");
            tree.fifo("..", A);
            tree.charDevice("a/..", A, -1, -1);
            assertThat(entries()).isEmpty();
        }
    }

    @Nested
    class ALaterEntry {
        @Test
        void replacesAFile() throws InvalidLayerException {
            tree.regularFile("a", A, 1, 0);
            tree.symlink("a", B, "x");
            assertThat(entries()).containsExactly(new Entry.Symlink("a", SYMLINK_B, "x"));
            assertThat(tree.contents().isEmpty()).isTrue();
        }

        @Test
        void thatIsNoDirectoryReplacesADirectoryWithAllBeneath() throws InvalidLayerException {
            tree.regularFile("a/b/c", A, 1, 0);
            tree.regularFile("a.b", A, 1, 1);
            tree.regularFile("a0", A, 1, 2);
            tree.regularFile("a", B, 1, 3);
            assertThat(entries()).containsExactly(file("a", B, 3), file("a.b", A, 1), file("a0", A, 2));
            refused(() -> tree.regularFile("a/b/d", A, 1, 4), "below 'a'");
        }

        @Test
        void thatIsADirectoryKeepsWhatIsInTheDirectoryBefore() throws InvalidLayerException {
            tree.directory("a", with(A, "user.x", "old", "user.y", "old"));
            tree.regularFile("a/b", A, 1, 0);
            tree.directory("a", with(B, "user.x", "new"));
            Entry.Directory a = (Entry.Directory) entries().get(0);
            assertThat(a.attributes().mode()).isEqualTo(B.mode());
            assertThat(a.attributes().xattrs())
                    .containsEntry("user.x", "new".getBytes(UTF_8))
                    .containsEntry("user.y", "old".getBytes(UTF_8));
            assertThat(entries().get(1)).isEqualTo(file("a/b", A, 0));
        }

        @Test
        void thatIsADirectoryReplacesASymbolicLink() throws InvalidLayerException {
            tree.symlink("a", A, "x");
            tree.directory("a", B);
            tree.regularFile("a/b", A, 1, 0);
            assertThat(entries()).containsExactly(directory("a", B), file("a/b", A, 0));
        }

        @Test
        void hasTheTimeOfTheDirectoryThatItReplaces() throws InvalidLayerException {
            tree.directory("a", A);
            tree.regularFile("a", B, 1, 0);
            assertThat(entries()).singleElement().isInstanceOfSatisfying(Entry.RegularFile.class, file -> {
                assertThat(file.attributes().mtimeSeconds()).isEqualTo(A.mtimeSeconds());
                assertThat(file.attributes().mode()).isEqualTo(B.mode());
            });
        }

        @Test
        void isRefusedIfADirectoryWithAnEntryIsLost() throws InvalidLayerException {
            tree.directory("a", A);
            tree.directory("a/b", A);
            tree.symlink("a", B, "c");
            refused(() -> entries(), "directory 'a' was replaced");
            tree.directory("c", A);
            refused(() -> entries(), "directory 'a/b' was replaced");
            tree.directory("c/b", A);
            assertThat(entries()).hasSize(3);
        }

        @Test
        void leavesTheOtherNamesOfAFileAlone() throws InvalidLayerException {
            tree.regularFile("a", A, 1, 0);
            tree.hardLink("b", A, "a");
            tree.regularFile("a", B, 1, 1);
            assertThat(entries()).containsExactly(file("a", B, 1), file("b", A, 0));
        }
    }

    @Nested
    class HardLinks {
        @Test
        void followTheFirstNameOfTheirFile() throws InvalidLayerException {
            tree.regularFile("d/z", A, 1, 0);
            tree.hardLink("b", A, "./d/z");
            tree.hardLink("c", A, "/b");
            assertThat(entries())
                    .containsExactly(file("b", A, 0), new Entry.HardLink("c", "b"), new Entry.HardLink("d/z", "b"));
        }

        @Test
        void giveTheirAttributesToTheFile() throws InvalidLayerException {
            tree.regularFile("a", with(A, "user.x", "1"), 1, 0);
            tree.hardLink("b", B, "a");
            Entry.RegularFile a = (Entry.RegularFile) entries().get(0);
            assertThat(a.attributes().mode()).isEqualTo(B.mode());
            assertThat(a.attributes().xattrs()).containsOnlyKeys("user.x");
        }

        @Test
        void mayPointToAnythingButDirectories() throws InvalidLayerException {
            tree.symlink("l", A, "nowhere");
            tree.hardLink("m", A, "l");
            tree.fifo("p", A);
            tree.hardLink("q", A, "p");
            tree.directory("d", A);
            assertThat(entries()).contains(new Entry.HardLink("m", "l"), new Entry.HardLink("q", "p"));
            refused(() -> tree.hardLink("x", A, "d"), "no file that came before");
        }

        @Test
        void needATargetThatIsThereAlready() throws InvalidLayerException {
            refused(() -> tree.hardLink("a", A, "b"), "no file that came before");
            refused(() -> tree.hardLink("a", A, "a"), "no file that came before");
            refused(() -> tree.hardLink("a", A, "../b"), "no file that came before");
            refused(() -> tree.hardLink("a", A, "/"), "no file that came before");
            refused(() -> tree.hardLink("a", A, "x/.."), "no file that came before");
            tree.regularFile("d/f", A, 1, 0);
            refused(() -> tree.hardLink("d", A, "d/f"), "no file that came before");
        }
    }

    @Nested
    class Whiteouts {
        @Test
        void areDevices() throws InvalidLayerException {
            tree.regularFile("d/.wh.gone", A, 1, 0);
            Attributes bare = new Attributes(0, 1, 2, A.mtimeSeconds(), 0, Map.of());
            assertThat(entries()).containsExactly(new Entry.CharDevice("d/gone", bare, 0, 0));
            assertThat(tree.contents().isEmpty()).isTrue();
        }

        @Test
        void giveWayToAnEntryOfTheirNameInAnyOrder() throws InvalidLayerException {
            tree.regularFile(".wh.a", A, 1, 0);
            tree.regularFile("a", A, 1, 1);
            tree.directory("b", A);
            tree.regularFile(".wh.b", A, 1, 2);
            assertThat(entries()).containsExactly(file("a", A, 1), directory("b", A));
        }

        @Test
        void goAwayWithTheirDirectory() throws InvalidLayerException {
            tree.regularFile("d/.wh.x", A, 1, 0);
            tree.regularFile("d", A, 1, 1);
            assertThat(entries()).containsExactly(file("d", A, 1));
        }

        @Test
        void ofADirectoryThatIsOnlyImpliedAreRefused() throws InvalidLayerException {
            tree.regularFile("a/x", A, 1, 0);
            refused(() -> tree.regularFile(".wh.a", A, 1, 1), "entries but none of its own");
            tree.regularFile(".wh.b", A, 1, 2);
            refused(() -> tree.regularFile("b/x", A, 1, 3), "below 'b'");
        }

        @Test
        void ofNothingAreRefused() {
            refused(() -> tree.regularFile(".wh.", A, 1, 0), "hides no name");
            refused(() -> tree.regularFile("a/.wh..", A, 1, 0), "hides no name");
            refused(() -> tree.regularFile("a/.wh...", A, 1, 0), "hides no name");
        }

        @Test
        void markDirectoriesAsOpaqueBeforeAndAfterTheirEntry() throws InvalidLayerException {
            tree.regularFile("a/.wh..wh..opq", A, 1, 0);
            tree.directory("a", A);
            tree.directory("b", A);
            tree.regularFile("b/.wh..wh..opq", A, 1, 1);
            assertThat(entries())
                    .hasSize(2)
                    .allSatisfy(entry -> assertThat(
                                    ((Entry.Directory) entry).attributes().xattrs())
                            .containsEntry(LayerTree.OPAQUE, new byte[] {'y'}));
        }

        @Test
        void markTheRootAsOpaque() throws InvalidLayerException {
            tree.regularFile(".wh..wh..opq", A, 1, 0);
            assertThat(entries())
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Entry.Directory.class,
                            root -> assertThat(root.attributes().xattrs()).containsKey(LayerTree.OPAQUE));
        }

        @Test
        void ofADirectoryWhoseAttributesAreUnknownAreRefused() throws InvalidLayerException {
            tree.regularFile("a/.wh..wh..opq", A, 1, 0);
            refused(this::entriesOfTree, "'a' is opaque but has no entry");
        }

        private void entriesOfTree() throws InvalidLayerException {
            entries();
        }

        @Test
        void haveNoMeaningAboveAnEntry() throws InvalidLayerException {
            tree.regularFile("a/.wh.b/c", A, 1, 0);
            tree.regularFile(".wh..wh.plnk/1.2", A, 1, 1);
            assertThat(entries()).containsExactly(file(".wh..wh.plnk/1.2", A, 1), file("a/.wh.b/c", A, 0));
        }

        @Test
        void mayHaveTheTypeOfAnyEntry() throws InvalidLayerException {
            tree.directory(".wh.a", A);
            tree.symlink(".wh.b", A, "");
            tree.blockDevice(".wh.c", A, -1, -1);
            tree.unknown(".wh.d", A, "a sparse file");
            assertThat(entries())
                    .allSatisfy(entry -> assertThat(entry).isInstanceOf(Entry.CharDevice.class))
                    .extracting(Entry::path)
                    .containsExactly("a", "b", "c", "d");
        }
    }

    @Nested
    class EntriesOfOtherTypes {
        @Test
        void areRefused() throws InvalidLayerException {
            tree.unknown("/", A, "a volume label");
            refused(() -> tree.unknown("a", A, "a volume label"), "'a' is a volume label");
        }

        @Test
        void ofGlobalRecordsMakeRoomForNothing() throws InvalidLayerException {
            tree.regularFile("d/f", A, 1, 0);
            tree.regularFile("d/g", A, 1, 1);
            tree.globalRecords("/");
            tree.globalRecords("d/f");
            tree.globalRecords("d/nothing");
            assertThat(entries()).containsExactly(file("d/g", A, 1));
        }

        @Test
        void ofGlobalRecordsThatLeaveADirectoryOfUnknownAttributesAreRefused() throws InvalidLayerException {
            tree.globalRecords("tmp/GlobalHead.1");
            refused(() -> entries(), "'tmp' has neither entries nor one of its own");
        }
    }

    @Nested
    class ExtendedAttributes {
        @Test
        void areThoseThatContainerdAndTheKernelLetThrough() throws InvalidLayerException {
            Attributes all = with(
                    A,
                    "user.a",
                    "1",
                    "security.capability",
                    "2",
                    "system.posix_acl_access",
                    "3",
                    "trusted.overlay.opaque",
                    "y",
                    "trusted.x",
                    "4",
                    "system.nfs4_acl",
                    "5",
                    "bogus",
                    "6");
            tree.directory("d", all);
            tree.symlink("l", all, "x");
            assertThat(((Entry.Directory) entries().get(0)).attributes().xattrs())
                    .containsOnlyKeys("user.a", "security.capability", "system.posix_acl_access");
            assertThat(((Entry.Symlink) entries().get(1)).attributes().xattrs())
                    .containsOnlyKeys("security.capability", "system.posix_acl_access");
        }

        @Test
        void areBounded() throws InvalidLayerException {
            refused(() -> tree.fifo("p", with(A, "security." + "x".repeat(247), "")), "too long");
            refused(() -> tree.fifo("p", with(A, "security.x", "x".repeat(65536))), "too long");
            tree.regularFile("f", A, 1, 0);
            refused(
                    () -> {
                        for (int i = 0; i < 200; i++) {
                            tree.hardLink("g", with(A, "user." + i, ""), "f");
                        }
                    },
                    "129 extended attributes");
        }
    }

    @Test
    void timesThatContainerdDoesNotSetBecomeZero() throws InvalidLayerException {
        tree.fifo("a", new Attributes(0, 0, 0, -1, 5, Map.of()));
        tree.fifo("b", new Attributes(0, 0, 0, 9_223_372_036L, 5, Map.of()));
        tree.fifo("c", new Attributes(0, 0, 0, 9_223_372_035L, 5, Map.of()));
        assertThat(entries())
                .extracting(entry -> ((Entry.Fifo) entry).attributes().mtimeSeconds())
                .containsExactly(0L, 0L, 9_223_372_035L);
    }

    @Test
    void devicesHaveNumbersThatLinuxKnows() throws InvalidLayerException {
        tree.charDevice("c", A, 4095, 1_048_575);
        tree.blockDevice("b", A, 8, 1);
        assertThat(entries())
                .containsExactly(new Entry.BlockDevice("b", A, 8, 1), new Entry.CharDevice("c", A, 4095, 1_048_575));
        refused(() -> tree.charDevice("x", A, 4096, 0), "4096:0");
        refused(() -> tree.blockDevice("x", A, 0, -1), "0:-1");
    }

    @Test
    void symbolicLinksHaveATarget() {
        refused(() -> tree.symlink("a", A, ""), "target of 0 bytes");
        refused(() -> tree.symlink("a", A, "x".repeat(4096)), "target of 4096 bytes");
        refused(() -> tree.symlink("a", A, "x\0"), "NUL");
    }

    @Test
    void namesAndTheirBytesAreBounded() {
        refused(
                () -> {
                    for (int i = 0; i < 101; i++) {
                        tree.fifo("f" + i, A);
                    }
                },
                "more than 100 names");
        refused(
                () -> {
                    LayerTree small = new LayerTree(100_000, 10_000);
                    small.fifo("d/".repeat(2000) + "f", A);
                },
                "more than 10000 bytes");
    }

    private List<Entry> entries() throws InvalidLayerException {
        return tree.entries(content -> 4096L * content);
    }

    private static Entry directory(String path, Attributes attributes) {
        return new Entry.Directory(path, attributes);
    }

    private static Entry file(String path, Attributes attributes, int content) {
        return new Entry.RegularFile(path, attributes, 1, 4096L * content);
    }

    private static Attributes with(Attributes a, String... xattrs) {
        Map<String, byte[]> map = new HashMap<>();
        for (int i = 0; i < xattrs.length; i += 2) {
            map.put(xattrs[i], xattrs[i + 1].getBytes(UTF_8));
        }
        return new Attributes(a.mode(), a.uid(), a.gid(), a.mtimeSeconds(), a.mtimeNanos(), map);
    }

    private static void refused(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(InvalidLayerException.class).hasMessageContaining(message);
    }
}
