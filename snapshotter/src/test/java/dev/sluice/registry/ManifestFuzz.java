package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import java.util.List;

/** Fuzzes manifests: what is read can be written, and is the same when it is read again. */
public final class ManifestFuzz {
    private ManifestFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        try {
            String type = ManifestParser.mediaTypeOf(data);
            Manifest manifest = Manifest.parse(data, type);
            Require.that(MediaTypes.isManifest(type), "a manifest of the type " + type);
            byte[] json = manifest.toJson();
            Manifest again;
            try {
                again = Manifest.parse(json, type);
            } catch (InvalidManifestException e) {
                throw new AssertionError("what was written cannot be read", e);
            }
            Require.equal(manifest, again, "what was written is another manifest");
            Require.equal(List.of(json.length), List.of(again.toJson().length), "two ways to write one manifest");
        } catch (InvalidManifestException e) {
            String unused = requireNonNull(e.getMessage());
        }
    }
}
