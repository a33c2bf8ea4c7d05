package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fuzz.Require;

/** Fuzzes platforms: written, they read the same, and a machine likes an image of its own platform best. */
public final class PlatformFuzz {
    private PlatformFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Platform platform;
        try {
            platform = Platform.parse(new String(data, UTF_8));
        } catch (IllegalArgumentException e) {
            return;
        }
        Require.equal(platform, Platform.parse(platform.toString()), "not the same when read again");
        Require.that(platform.preference(platform).orElse(-1) == 0, "a machine does not run its own images");
    }
}
