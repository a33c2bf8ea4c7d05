package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The tars of containerd's own TestBreakouts (pkg/archive/tar_test.go), by their names there, as far as they need no lower layer: all
 * that comes of them is below the root.
 */
class BreakoutsTest {
    private static final Attributes A = new Attributes(0755, 0, 0, 1, 0, Map.of());

    /** Entries are "d NAME", "f NAME", "l NAME TARGET" (symbolic link), "h NAME TARGET" (hard link). */
    static Stream<Arguments> accepted() {
        return Stream.of(
                of(
                        "SymlinkAbsolute",
                        "d etc; l localetc /etc; f /localetc/unbroken",
                        "d etc; f etc/unbroken; l localetc"),
                of(
                        "SymlinkUpAndOut",
                        "d etc; d dummy; l localetc /dummy/../etc; f /localetc/unbroken",
                        "d dummy; d etc; f etc/unbroken; l localetc"),
                of(
                        "SymlinkMultipleAbsolute",
                        "d etc; d dummy; l /dummy/etc /etc; l localetc /dummy/etc; f /dummy/etc/unbroken",
                        "d dummy; l dummy/etc; d etc; f etc/unbroken; l localetc"),
                of(
                        "SymlinkMultipleAbsolute, through both",
                        "d etc; d dummy; l /dummy/etc /etc; l localetc /dummy/etc; f /localetc/unbroken",
                        "d dummy; l dummy/etc; d etc; f etc/unbroken; l localetc"),
                of(
                        "SymlinkMultipleRelative",
                        "d etc; d dummy; l /dummy/etc /etc; l localetc ./dummy/etc; f /localetc/unbroken",
                        "d dummy; l dummy/etc; d etc; f etc/unbroken; l localetc"),
                of(
                        "SymlinkEmptyFile",
                        "d etc; f etc/emptied; l localetc /etc; f /localetc/emptied",
                        "d etc; f etc/emptied; l localetc"),
                of(
                        "HardlinkRelative",
                        "d etc; f /etc/passwd; d breakouts; l breakouts/d1 ../../etc; h breakouts/mypasswd /breakouts/d1/passwd",
                        "d breakouts; l breakouts/d1; f breakouts/mypasswd; d etc; h etc/passwd breakouts/mypasswd"),
                of(
                        "HardlinkDownAndOut",
                        "d etc; f /etc/passwd; d breakouts; d downandout; l breakouts/d1 ../downandout/../../etc;"
                                + " h breakouts/mypasswd /breakouts/d1/passwd",
                        "d breakouts; l breakouts/d1; f breakouts/mypasswd; d downandout; d etc;"
                                + " h etc/passwd breakouts/mypasswd"),
                of(
                        "HardlinkAbsolute",
                        "d etc; f /etc/passwd; l localetc /etc; h localpasswd /localetc/passwd",
                        "d etc; f etc/passwd; l localetc; h localpasswd etc/passwd"),
                of(
                        "HardlinkRelativeLong",
                        "d etc; f /etc/passwd; l localetc ../../../../../../../etc; h localpasswd /localetc/passwd",
                        "d etc; f etc/passwd; l localetc; h localpasswd etc/passwd"),
                of(
                        "HardlinkRelativeUpAndOut",
                        "d etc; f /etc/passwd; l localetc upandout/../../../etc; h localpasswd /localetc/passwd",
                        "d etc; f etc/passwd; l localetc; h localpasswd etc/passwd"),
                of(
                        "HardlinkDirectRelative",
                        "d etc; f /etc/passwd; h localpasswd ../../../../../etc/passwd",
                        "d etc; f etc/passwd; h localpasswd etc/passwd"),
                of(
                        "HardlinkDirectAbsolute",
                        "d etc; f /etc/passwd; h localpasswd /etc/passwd",
                        "d etc; f etc/passwd; h localpasswd etc/passwd"),
                of(
                        "SymlinkParentDirectory",
                        "d etc; f /etc/passwd; l .. /etc/; h localpasswd /etc/passwd",
                        "d etc; f etc/passwd; h localpasswd etc/passwd"),
                of(
                        "SymlinkEmptyFilename",
                        "d etc; f /etc/passwd; l  /etc/; h localpasswd /etc/passwd",
                        "d etc; f etc/passwd; h localpasswd etc/passwd"),
                of(
                        "SymlinkParentRelative",
                        "d etc; f /etc/passwd; l localetc/sub/.. /etc/; h /localetc/localpasswd /etc/passwd",
                        "d etc; f etc/localpasswd; h etc/passwd etc/localpasswd; l localetc"),
                of(
                        "SymlinkSlashEnded",
                        "d etc; f /etc/passwd; d localetc/; h /localetc/localpasswd /etc/passwd",
                        "d etc; f etc/passwd; d localetc; h localetc/localpasswd etc/passwd"),
                of(
                        "SymlinkOverridePath",
                        "d foo; d foo/tmp; f foo/tmp/breakout; l foo /; f foo/tmp/breakout; d foo; d foo/tmp;"
                                + " f foo/tmp/breakout",
                        "d foo; d foo/tmp; f foo/tmp/breakout; f tmp/breakout"),
                of(
                        "HardlinkSymlinkBeforeCreateTarget",
                        "d etc; l localpasswd /etc/passwd; h localpasswd-dup localpasswd; f /etc/passwd",
                        "d etc; f etc/passwd; l localpasswd; h localpasswd-dup localpasswd"),
                of(
                        "HardlinkSymlinkRelative",
                        "d etc; f /etc/passwd; l passwdlink ../../../../../etc/passwd; h localpasswd /passwdlink",
                        "d etc; f etc/passwd; l localpasswd; h passwdlink localpasswd"),
                of(
                        "HardlinkSymlinkAbsolute",
                        "d etc; f /etc/passwd; l passwdlink /etc/passwd; h localpasswd /passwdlink",
                        "d etc; f etc/passwd; l localpasswd; h passwdlink localpasswd"),
                of("WhiteoutDirectoryName", "f .wh.etc/somefile", "f .wh.etc/somefile"),
                of("WhiteoutRelativePath", "f dne/../.wh.etc", "w etc"));
    }

    private static Arguments of(String name, String tar, String tree) {
        return arguments(name, tar, tree);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void accepted(String name, String tar, String tree) throws InvalidLayerException {
        assertThat(apply(tar).stream().map(BreakoutsTest::describe)).containsExactly(tree.split("; ", -1));
    }

    /** WhiteoutRootParent, WhiteoutParent, WhiteoutRoot, WhiteoutCurrentDirectory. */
    @ParameterizedTest
    @ValueSource(strings = {"f .wh...", "f etc/.wh...", "f .wh..", "f etc/.wh.."})
    void refused(String tar) {
        assertThatThrownBy(() -> apply(tar))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("hides no name");
    }

    private static List<Entry> apply(String tar) throws InvalidLayerException {
        LayerTree tree = new LayerTree(100, 10_000);
        int content = 0;
        for (String entry : tar.split("; ", -1)) {
            String[] words = entry.split(" ", -1);
            switch (words[0]) {
                case "d" -> tree.directory(words[1], A);
                case "f" -> tree.regularFile(words[1], A, 1, content++);
                case "l" -> tree.symlink(words[1], A, words[2]);
                default -> tree.hardLink(words[1], A, words[2]);
            }
        }
        return tree.entries(number -> 4096L * number);
    }

    private static String describe(Entry entry) {
        if (entry instanceof Entry.HardLink link) {
            return "h " + link.path() + " " + link.target();
        }
        String type = entry instanceof Entry.Directory
                ? "d"
                : entry instanceof Entry.RegularFile ? "f" : entry instanceof Entry.Symlink ? "l" : "w";
        return type + " " + entry.path();
    }
}
