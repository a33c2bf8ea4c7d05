package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;

/**
 * Fuzzes containerd's configuration, which may import itself and what is beside it, merged both ways. What imports something from elsewhere is
 * passed over: that is as slow as the machine's file system is large.
 */
public final class ContainerdConfigurationFuzz {
    private static final ScratchFile FILE = ScratchFile.named("config.toml");
    private static final Path DIRECTORY = requireNonNull(FILE.path().getParent());

    private ContainerdConfigurationFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path file = FILE.with(data);
        try {
            if (importsFromElsewhere(
                    ConfigFiles.of(Host.HERE).read(file).orElseThrow().root())) {
                return;
            }
            check(ContainerdConfiguration.read(file, true), ContainerdConfiguration.read(file, false));
        } catch (InvalidContainerdConfigException e) {
            Require.that(requireNonNull(e.getMessage()).length() <= 1000 + 8 * data.length, "a message without end");
        }
    }

    private static void check(ContainerdConfiguration whole, ContainerdConfiguration added) {
        Require.that(whole.version() == added.version(), "two versions of one file");
        Require.equal(whole.proxyPlugins(), added.proxyPlugins(), "a file has nothing to be merged with");
        whole.proxyPlugins().forEach(plugin -> {
            boolean unused = whole.disables(plugin.getKey());
            Require.that(whole.plugin(plugin.getKey()) != null, "a plugin that is not even missing");
        });
    }

    static boolean importsFromElsewhere(JsonNode contents) {
        for (JsonNode pattern : contents.path("imports")) {
            if (isElsewhere(pattern.asText())) {
                return true;
            }
        }
        return false;
    }

    private static boolean isElsewhere(String pattern) {
        try {
            return !DIRECTORY.resolve(pattern).normalize().startsWith(DIRECTORY);
        } catch (InvalidPathException e) {
            return false;
        }
    }
}
