package dev.sluice.install;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerdConfigurationTest {
    private static final String CRI = "io.containerd.grpc.v1.cri";

    @TempDir
    private Path directory;

    private Path file;

    @BeforeEach
    void write() throws IOException {
        file = directory.resolve("config.toml");
        Files.writeString(file, """
                version = 2
                imports = ["more/*.toml", "last.toml"]
                disabled_plugins = ["a"]
                [proxy_plugins.sluice]
                  type = "snapshot"
                  address = "/first.sock"
                [plugins."io.containerd.grpc.v1.cri".containerd]
                  snapshotter = "first"
                  disable_snapshot_annotations = false
                [[plugins."io.containerd.transfer.v1.local".unpack_config]]
                  snapshotter = "first"
                """);
        Files.createDirectory(directory.resolve("more"));
        Files.writeString(directory.resolve("more/b.toml"), """
                version = 2
                imports = ["../config.toml"]
                disabled_plugins = ["b"]
                [proxy_plugins.sluice]
                  address = "/second.sock"
                [plugins."io.containerd.grpc.v1.cri".containerd]
                  snapshotter = "second"
                [[plugins."io.containerd.transfer.v1.local".unpack_config]]
                  snapshotter = "second"
                """);
        Files.writeString(directory.resolve("more/not.json"), "not TOML");
        Files.writeString(directory.resolve("last.toml"), "[proxy_plugins.other]\ntype = \"content\"\n");
    }

    @Test
    void importsAreReadInOrderAndEachOnce() throws InvalidContainerdConfigException {
        ContainerdConfiguration configuration = ContainerdConfiguration.read(file, false);

        assertThat(configuration.version()).isEqualTo(2);
        assertThat(configuration.disables("a")).isTrue();
        assertThat(configuration.disables("b")).isTrue();
        assertThat(configuration.disables("c")).isFalse();
        assertThat(configuration.proxyPlugins()).hasSize(2);
    }

    @Test
    void starsInARowAreOneAsInGo() throws IOException, InvalidContainerdConfigException {
        Files.writeString(file, "imports = ['" + "*".repeat(200) + "/b.toml', '" + "*".repeat(200) + "x']\n");

        assertThat(ContainerdConfiguration.read(file, false)
                        .root()
                        .path("proxy_plugins")
                        .path("sluice"))
                .hasToString("{\"address\":\"/second.sock\"}");
    }

    @Test
    void aProxyPluginOfALaterFileReplacesTheEarlierOne() throws InvalidContainerdConfigException {
        assertThat(ContainerdConfiguration.read(file, false)
                        .root()
                        .path("proxy_plugins")
                        .path("sluice"))
                .hasToString("{\"address\":\"/second.sock\"}");
    }

    @Test
    void containerd2AddsToASectionOfAPluginButReplacesItsLists() throws InvalidContainerdConfigException {
        ContainerdConfiguration configuration = ContainerdConfiguration.read(file, false);

        assertThat(configuration.plugin(CRI).path("containerd"))
                .hasToString("{\"snapshotter\":\"second\",\"disable_snapshot_annotations\":false}");
        assertThat(configuration.plugin("io.containerd.transfer.v1.local").path("unpack_config"))
                .hasToString("[{\"snapshotter\":\"second\"}]");
    }

    @Test
    void containerd1ReplacesTheSectionOfAPlugin() throws InvalidContainerdConfigException {
        assertThat(ContainerdConfiguration.read(file, true).plugin(CRI).path("containerd"))
                .hasToString("{\"snapshotter\":\"second\"}");
    }

    @Test
    void aFileThatIsNotThereSaysNothing() throws InvalidContainerdConfigException {
        ContainerdConfiguration configuration = ContainerdConfiguration.read(directory.resolve("none.toml"), false);

        assertThat(configuration.version()).isEqualTo(1);
        assertThat(configuration.root()).isEmpty();
    }

    @Test
    void aBrokenImportIsNamed() throws IOException {
        Files.writeString(directory.resolve("last.toml"), "[");

        assertThatThrownBy(() -> ContainerdConfiguration.read(file, false))
                .isInstanceOf(InvalidContainerdConfigException.class)
                .hasMessageContaining("last.toml, line 1: not TOML");
    }
}
