package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What containerd's documentation of {@code hosts.toml} says, and what its reader does. */
class HostsFileTest {
    private static final Path DIRECTORY = Path.of("/etc/containerd/certs.d/docker.io");

    private static List<HostEntry> parse(String toml) throws InvalidHostsFileException {
        return HostsFile.parse(toml, DIRECTORY);
    }

    private static String base(HostEntry entry) {
        return entry.address().map(address -> address.base().toString()).orElse("");
    }

    @Test
    void keepsTheOrderOfTheFileAndPutsTheServerLast() throws Exception {
        List<HostEntry> entries = parse("""
                server = "https://registry-1.docker.io"
                [host."https://z.example"]
                  capabilities = ["pull"]
                [host."http://a.example:5000"]
                  [host."http://a.example:5000".header]
                    x-custom = ["one", "two"]
                [host."https://m.example"]
                """);

        assertThat(entries)
                .extracting(HostsFileTest::base)
                .containsExactly(
                        "https://z.example/v2/",
                        "http://a.example:5000/v2/",
                        "https://m.example/v2/",
                        "https://registry-1.docker.io/v2/");
        assertThat(entries.get(0).capabilities()).isEqualTo(Set.of(Capability.PULL));
        assertThat(entries.get(1).headers()).containsEntry("x-custom", List.of("one", "two"));
        assertThat(entries.get(2).capabilities()).isEqualTo(Set.of(Capability.values()));
    }

    @Test
    void leavesTheServerToTheNameOfTheRegistryIfThereIsNone() throws Exception {
        List<HostEntry> entries = parse("skip_verify = true");

        assertThat(entries).hasSize(1);
        assertThat(entries.get(0).address()).isEmpty();
        assertThat(entries.get(0).tls().skipVerify()).contains(true);
    }

    @ParameterizedTest
    @CsvSource({
        "https://mirror.example, false, https://mirror.example/v2/",
        "mirror.example:5000, false, https://mirror.example:5000/v2/",
        "https://mirror.example/, false, https://mirror.example/v2/",
        "https://mirror.example/v2, false, https://mirror.example/v2/",
        "https://mirror.example/v2/, false, https://mirror.example/v2/",
        "https://mirror.example/v2/proxy, false, https://mirror.example/v2/proxy/v2/",
        "https://mirror.example/v2/proxy, true, https://mirror.example/v2/proxy/",
        "https://mirror.example/a//b/, true, https://mirror.example/a/b/",
        "http://mirror.example, true, http://mirror.example/",
    })
    void addsTheRootOfTheApiUnlessThePathOverridesIt(String server, boolean override, String base) throws Exception {
        List<HostEntry> entries = parse("[host.\"" + server + "\"]\noverride_path = " + override);

        assertThat(base(entries.get(0))).isEqualTo(base);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '^',
            value = {
                "'client.pem' | client.pem client.pem",
                "['a.pem', 'b.pem'] | a.pem a.pem b.pem b.pem",
                "[['a.cert', 'a.key'], ['/b.pem', '']] | a.cert a.key /b.pem /b.pem",
                "[] | ",
            })
    void readsClientCertificates(String toml, @org.jspecify.annotations.Nullable String files) throws Exception {
        HostEntry entry = parse("client = " + toml).get(0);

        List<Path> read = entry.tls().clients().stream()
                .flatMap(pair -> List.of(pair.certificate(), pair.key()).stream())
                .toList();
        List<Path> expected = files == null
                ? List.of()
                : List.of(files.split(" ")).stream().map(DIRECTORY::resolve).toList();
        assertThat(read).isEqualTo(expected);
    }

    @Test
    void readsOneAuthorityOrMany() throws Exception {
        assertThat(parse("ca = \"ca.pem\"").get(0).tls().authorities()).containsExactly(DIRECTORY.resolve("ca.pem"));
        assertThat(parse("ca = [\"/a.pem\", \"b.pem\"]").get(0).tls().authorities())
                .containsExactly(Path.of("/a.pem"), DIRECTORY.resolve("b.pem"));
    }

    @ParameterizedTest
    @CsvSource({"1s, 1000", "1m30s, 90000", "1.5s, 1500", "250ms, 250", "1h, 3600000", "1000h, 2147483647"})
    void readsDurationsAsGoDoes(String text, long millis) throws Exception {
        assertThat(parse("dial_timeout = \"" + text + "\"").get(0).dialTimeout())
                .isEqualTo(Optional.of(Duration.ofMillis(millis)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server = ",
                "server = 1",
                "server = \"httpx://a\"",
                "capabilities = [\"fly\"]",
                "capabilities = \"pull\"",
                "ca = 1",
                "client = [[\"a\"]]",
                "client = [1]",
                "skip_verify = \"yes\"",
                "dial_timeout = \"soon\"",
                "dial_timeout = \"10\"",
                "header = 1",
                "[header]\nx = \"a\\nb\"",
                "[host]\n\"https://a b\" = 1",
            })
    void refusesWhatContainerdDoesNotUnderstandEither(String toml) {
        assertThatExceptionOfType(InvalidHostsFileException.class).isThrownBy(() -> parse(toml));
    }

    @Test
    void doesNotQuoteHeaders() throws Exception {
        assertThatExceptionOfType(InvalidHostsFileException.class)
                .isThrownBy(() -> parse("[header]\nauthorization = \"s3cret\\n\""))
                .withMessageNotContaining("s3cret");
        assertThat(parse("[header]\nauthorization = \"s3cret\"").toString()).doesNotContain("s3cret");
    }
}
