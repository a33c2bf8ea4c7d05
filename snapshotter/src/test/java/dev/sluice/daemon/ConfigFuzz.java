package dev.sluice.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Fuzzes our configuration: what it says is the same on a second reading, and for a file that says nothing else but that. */
public final class ConfigFuzz {
    private static final ScratchFile FILE = ScratchFile.named("config.toml");
    private static final Pattern COMMENT = Pattern.compile("(?m)^[ \t]*#.*$");

    private ConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path file = FILE.with(data);
        Config config;
        try {
            config = ConfigLoader.load(Optional.of(file), Map.of());
        } catch (InvalidConfigException e) {
            Require.that(requireNonNull(e.getMessage()).length() <= 1000 + 2 * data.length, "a message without end");
            return;
        }
        Require.that(config.root().isAbsolute() && config.address().isAbsolute(), "a relative path");
        Require.that(config.fill().threads() > 0, "nobody to fill");
        try {
            Require.equal(config, ConfigLoader.load(Optional.of(file), Map.of()), "not the same when read again");
            String text = new String(data, UTF_8);
            if (!text.contains("\"\"\"") && !text.contains("'''")) {
                FILE.with(COMMENT.matcher(text).replaceAll("").getBytes(UTF_8));
                Require.equal(config, ConfigLoader.load(Optional.of(file), Map.of()), "not the same without comments");
            }
        } catch (InvalidConfigException e) {
            throw new AssertionError("what was right is wrong", e);
        }
    }
}
