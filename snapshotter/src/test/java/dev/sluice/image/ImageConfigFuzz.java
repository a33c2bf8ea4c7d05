package dev.sluice.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;
import static java.util.stream.Collectors.joining;

import dev.sluice.fuzz.Require;
import dev.sluice.registry.Digest;
import java.util.List;

/** Fuzzes image configs, and manifests without a media type: diff IDs are the same when they are written and read again. */
public final class ImageConfigFuzz {
    private static final ImageJson JSON = new ImageJson();

    private ImageConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws InvalidImageException {
        try {
            Require.that(JSON.mediaType(data).length() <= Math.max(data.length, 64), "a media type out of nothing");
        } catch (InvalidImageException e) {
            String unused = requireNonNull(e.getMessage());
        }
        List<Digest> diffIds;
        try {
            diffIds = JSON.diffIds(data);
        } catch (InvalidImageException e) {
            String unused = requireNonNull(e.getMessage());
            return;
        }
        String written = diffIds.stream()
                .map(id -> "\"" + id + "\"")
                .collect(joining(",", "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[", "]}}"));
        Require.equal(diffIds, JSON.diffIds(written.getBytes(UTF_8)), "not the same when read again");
    }
}
