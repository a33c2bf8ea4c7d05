package dev.sluice.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostFileTest {
    @TempDir
    private Path root;

    private Path there;
    private HostFile file;

    @BeforeEach
    void place() {
        there = root.resolve("etc/sluice/config.toml");
        file = new HostFile(new NodeHost(root), "/etc/sluice/config.toml");
    }

    @Test
    void saysWhoWroteIt() throws IOException {
        assertThat(file.write("a = 1\n")).isTrue();
        assertThat(there).hasContent(HostFile.MARK + "a = 1\n");
    }

    @Test
    void isLeftAloneIfNothingChanges() throws IOException {
        file.write("a = 1\n");
        assertThat(file.write("a = 1\n")).isFalse();
        assertThat(file.write("a = 2\n")).isTrue();
        assertThat(there).hasContent(HostFile.MARK + "a = 2\n");
    }

    @Test
    void whatSomebodyElseWroteStays() throws IOException {
        Files.createDirectories(there.getParent());
        Files.writeString(there, "mine\n");

        assertThatThrownBy(() -> file.write("a = 1\n"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("/etc/sluice/config.toml on the host was not put there by Sluice's pods");
        file.remove();

        assertThat(there).hasContent("mine\n");
    }

    @Test
    void isRemoved() throws IOException {
        file.write("");
        file.remove();
        assertThat(there).doesNotExist();
        file.remove();
    }
}
