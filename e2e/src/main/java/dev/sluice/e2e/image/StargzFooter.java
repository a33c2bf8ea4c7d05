package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes eStargz images with the footer of stargz, 47 bytes, which early versions of stargz-snapshotter wrote. None of these can be had, so
 * {@code ctr-remote} makes the image, and only its footers are written again.
 */
final class StargzFooter {

    private static final int FOOTER = 51;
    private static final int HEADER = 10;
    /** Length of the extra field and header of its subfield, which the old footer lacks. */
    private static final int EXTRA = 6;

    private StargzFooter() {}

    static void push(PlainImage image, String target) throws IOException {
        Path layout = image.work().resolve("layout");
        Estargz.convert(image.containerd(), image.reference(), target);
        ImagePublisher.fetch(target, layout, DebianImage.TAG);
        ObjectMapper json = new ObjectMapper();
        ObjectNode index =
                (ObjectNode) json.readTree(layout.resolve("index.json").toFile());
        ObjectNode descriptor = (ObjectNode) index.path("manifests").path(0);
        ObjectNode manifest =
                (ObjectNode) json.readTree(blob(layout, descriptor).toFile());
        for (JsonNode layer : manifest.path("layers")) {
            byte[] bytes = Files.readAllBytes(blob(layout, layer));
            place(layout, (ObjectNode) layer, withOldFooter(bytes));
        }
        place(layout, descriptor, json.writeValueAsBytes(manifest));
        json.writeValue(layout.resolve("index.json").toFile(), index);
        ImagePublisher.push(layout, DebianImage.TAG, target);
        Estargz.requireTocDigests(RemoteManifest.fetch(target));
    }

    private static byte[] withOldFooter(byte[] blob) {
        int footer = blob.length - FOOTER;
        ByteArrayOutputStream old = new ByteArrayOutputStream(blob.length);
        old.write(blob, 0, footer + HEADER);
        old.write(22);
        old.write(0);
        old.write(blob, footer + HEADER + EXTRA, FOOTER - HEADER - EXTRA);
        return old.toByteArray();
    }

    private static void place(Path layout, ObjectNode descriptor, byte[] bytes) throws IOException {
        descriptor.put("digest", "sha256:" + Digests.sha256(bytes)).put("size", bytes.length);
        Files.write(blob(layout, descriptor), bytes);
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs")
                .resolve(descriptor.path("digest").asText().replace(':', '/'));
    }
}
