package dev.sluice.mount;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootedPathTest {
    @TempDir
    Path root;

    private final RootedPath paths = new RootedPath(Linux.load());

    @BeforeEach
    void tree() throws IOException {
        Files.createDirectories(root.resolve("usr/lib/deep"));
        Files.createSymbolicLink(root.resolve("lib"), Path.of("usr/lib"));
        Files.createSymbolicLink(root.resolve("absolute"), Path.of("/usr"));
        Files.createSymbolicLink(root.resolve("escape"), Path.of("../../../../../../etc"));
        Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    }

    @Test
    void linksAreFollowedWithinTheRoot() throws IOException {
        assertThat(find("lib/deep")).contains(root + "/usr/lib/deep");
        assertThat(find("absolute/lib")).contains(root + "/usr/lib");
        assertThat(find("")).contains(root.toString());
    }

    @Test
    void noLinkLeadsOut() throws IOException {
        assertThat(find("escape/passwd")).isEmpty();
        Files.createDirectory(root.resolve("etc"));
        assertThat(find("escape")).contains(root + "/etc");
    }

    @Test
    void whatIsNotThereIsNotFoundAndLoopsEnd() throws IOException {
        assertThat(find("usr/none")).isEmpty();
        assertThat(find("loop/x")).isEmpty();
    }

    private Optional<String> find(String path) throws IOException {
        return paths.find(root.toString().getBytes(UTF_8), path.getBytes(UTF_8))
                .map(found -> new String(found.path(), UTF_8));
    }
}
