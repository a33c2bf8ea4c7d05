package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostDirectoriesTest {
    @TempDir
    Path root;

    private Path first = Path.of("/");
    private Path second = Path.of("/");

    @BeforeEach
    void roots() {
        first = root.resolve("containerd");
        second = root.resolve("docker");
    }

    private List<HostEntry> find(String host) throws IOException {
        return found(host).entries();
    }

    private HostDirectories.Found found(String host) throws IOException {
        return new HostDirectories(List.of(first, second)).find(host);
    }

    private String server(String host) throws IOException {
        return find(host).get(0).address().map(HostEntry.Address::authority).orElse("-");
    }

    private static void write(Path directory, String server) throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("hosts.toml"), "server = \"" + server + "\"");
    }

    @Test
    void haveNothingToSayWhereTheyAreMissing() throws Exception {
        assertThat(find("host.example:5000")).containsExactly(HostEntry.DEFAULT);
    }

    @Test
    void areLookedForByTheirNamesInTurn() throws Exception {
        write(second.resolve("_default"), "docker-default");
        assertThat(server("host.example:5000")).isEqualTo("docker-default");
        write(first.resolve("_default"), "default");
        assertThat(server("host.example:5000")).isEqualTo("default");
        write(first.resolve("host.example:5000"), "colon");
        assertThat(server("host.example:5000")).isEqualTo("colon");
        write(first.resolve("host.example_5000_"), "underscores");
        assertThat(server("host.example:5000")).isEqualTo("underscores");
        assertThat(server("host.example")).isEqualTo("default");
    }

    @Test
    void mayHoldCertificatesAsDockerLaysThemOut() throws Exception {
        Path directory = Files.createDirectories(second.resolve("host.example"));
        for (String name : List.of("b.crt", "a.crt", "c.cert", "c.key", "d.cert", "other")) {
            Files.createFile(directory.resolve(name));
        }

        TlsSettings tls = find("host.example").get(0).tls();

        assertThat(tls.authorities()).containsExactly(directory.resolve("a.crt"), directory.resolve("b.crt"));
        assertThat(tls.clients())
                .containsExactly(
                        new TlsSettings.ClientPair(directory.resolve("c.cert"), directory.resolve("c.key")),
                        new TlsSettings.ClientPair(directory.resolve("d.cert"), directory.resolve("d.cert")));
    }

    @Test
    void fallBackToCertificatesIfTheFileCannotBeUnderstood() throws Exception {
        Path directory = Files.createDirectories(first.resolve("host.example"));
        Files.writeString(directory.resolve("hosts.toml"), "server = 1");
        Files.createFile(directory.resolve("a.crt"));

        List<HostEntry> entries = find("host.example");

        assertThat(entries).hasSize(1);
        assertThat(entries.get(0).address()).isEmpty();
        assertThat(entries.get(0).tls().authorities()).hasSize(1);
    }

    @Test
    void areNotCurrentAnyMoreWhenAnythingChanges() throws Exception {
        HostDirectories.Found missing = found("host.example");
        write(second.resolve("host.example"), "a.example");
        assertThat(missing.versions().areCurrent()).isFalse();

        HostDirectories.Found there = found("host.example");
        assertThat(there.versions().areCurrent()).isTrue();
        write(second.resolve("host.example"), "other.example");
        assertThat(there.versions().areCurrent()).isFalse();

        HostDirectories.Found changed = found("host.example");
        write(first.resolve("host.example"), "first.example");
        assertThat(changed.versions().areCurrent()).isFalse();
    }
}
