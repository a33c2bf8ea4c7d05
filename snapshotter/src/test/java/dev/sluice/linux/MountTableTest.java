package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountTableTest {
    @Test
    void readsAMountWithoutPropagation() throws IOException {
        MountTable table = parse("36 35 98:0 / /mnt ro,relatime - erofs /image ro,user_xattr\n");

        assertThat(table.mounts())
                .containsExactly(new MountTable.Mount(
                        36, 35, "98:0", "/", "/mnt", "ro,relatime", "erofs", "/image", "ro,user_xattr"));
    }

    @Test
    void skipsAnyNumberOfPropagationFields() throws IOException {
        MountTable table = parse("36 35 0:5 / /mnt rw master:1 propagate_from:2 unbindable - tmpfs none rw\n");

        assertThat(table.at(Path.of("/mnt")).orElseThrow().type()).isEqualTo("tmpfs");
    }

    @Test
    void unescapesOctalBytesOfUtf8() throws IOException {
        MountTable table = parse("36 35 0:5 / /a\\040b\\134c\\303\\274 rw - tmpfs no\\011ne rw\n");

        assertThat(table.mounts().get(0).mountPoint()).isEqualTo("/a b\\c\u00fc");
        assertThat(table.mounts().get(0).source()).isEqualTo("no\tne");
    }

    @Test
    void theLastOfSeveralMountsAtOnePlaceIsTheTopmost() throws IOException {
        MountTable table = parse("1 0 0:1 / /m rw - tmpfs first rw\n2 1 0:2 / /m rw - tmpfs second rw\n");

        assertThat(table.at(Path.of("/m")).orElseThrow().source()).isEqualTo("second");
        assertThat(table.at(Path.of("/n"))).isEmpty();
    }

    @Test
    void listsWhatIsUnderADirectoryButNotBesideIt() throws IOException {
        MountTable table = parse("1 0 0:1 / /m rw - a a rw\n2 1 0:2 / /m/1 rw - b b rw\n3 1 0:2 / /m1 rw - c c rw\n");

        assertThat(table.under(Path.of("/m")))
                .extracting(MountTable.Mount::type)
                .containsExactly("a", "b");
    }

    @Test
    void refusesALineThatIsCutOff() {
        assertThatThrownBy(() -> parse("36 35 98:0 / /mnt ro - erofs\n"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("36 35 98:0");
        assertThatThrownBy(() -> parse("x 35 98:0 / /mnt ro - erofs none ro\n")).isInstanceOf(IOException.class);
    }

    @Test
    void readsTheTableOfThisMachine() throws IOException {
        assertThat(MountTable.read().at(Path.of("/proc")).orElseThrow().type()).isEqualTo("proc");
    }

    private static MountTable parse(String text) throws IOException {
        return MountTable.parse(text.getBytes(UTF_8));
    }
}
