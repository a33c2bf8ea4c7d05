package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPInputStream;

/** How the tars of an image's layers are compressed. The image stays the same: its config names what is in them. */
public enum Recompression {
    NONE("application/vnd.oci.image.layer.v1.tar") {
        @Override
        OutputStream around(OutputStream out) {
            return out;
        }
    },
    /** One frame for each layer, as builders make it. */
    ZSTD("application/vnd.oci.image.layer.v1.tar+zstd") {
        @Override
        OutputStream around(OutputStream out) throws IOException {
            return new ZstdOutputStream(out);
        }
    },
    /** A new frame every few MiB. */
    ZSTD_FRAMES("application/vnd.oci.image.layer.v1.tar+zstd") {
        @Override
        OutputStream around(OutputStream out) {
            return new Frames(out);
        }
    };

    private final String mediaType;

    Recompression(String mediaType) {
        this.mediaType = mediaType;
    }

    abstract OutputStream around(OutputStream out) throws IOException;

    /**
     * Writes an image again.
     *
     * @param layout an OCI layout with one image, whose layers are gzip
     * @param target an empty directory
     */
    public void write(Path layout, Path target) throws IOException {
        ObjectMapper json = new ObjectMapper();
        Files.createDirectories(target.resolve("blobs/sha256"));
        ObjectNode index =
                (ObjectNode) json.readTree(layout.resolve("index.json").toFile());
        ObjectNode image = (ObjectNode) index.path("manifests").path(0);
        ObjectNode manifest = (ObjectNode) json.readTree(blob(layout, image).toFile());
        Files.copy(blob(layout, manifest.path("config")), blob(target, manifest.path("config")));
        for (JsonNode layer : manifest.path("layers")) {
            Path temporary = Files.createTempFile(target, "layer", "");
            try (InputStream in = new GZIPInputStream(Files.newInputStream(blob(layout, layer)), 1 << 16);
                    OutputStream out = around(Files.newOutputStream(temporary))) {
                in.transferTo(out);
            }
            // What they say is of the bytes that it had.
            ((ObjectNode) layer).put("mediaType", mediaType).remove("annotations");
            place(temporary, target, (ObjectNode) layer);
        }
        Path temporary = Files.createTempFile(target, "manifest", "");
        json.writeValue(temporary.toFile(), manifest);
        place(temporary, target, image);
        json.writeValue(target.resolve("index.json").toFile(), index);
        Files.copy(layout.resolve("oci-layout"), target.resolve("oci-layout"));
    }

    private static void place(Path file, Path target, ObjectNode descriptor) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        descriptor.put("digest", "sha256:" + Digests.sha256(bytes)).put("size", bytes.length);
        Files.move(file, blob(target, descriptor), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs")
                .resolve(descriptor.path("digest").asText().replace(':', '/'));
    }

    private static final class Frames extends FilterOutputStream {
        private static final int FRAME = 2 << 20;

        private int left = FRAME;
        private ZstdOutputStream frame;

        Frames(OutputStream out) {
            super(out);
            frame = newFrame();
        }

        private ZstdOutputStream newFrame() {
            try {
                return new ZstdOutputStream(out).setCloseFrameOnFlush(true);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            frame.write(bytes, offset, length);
            left -= length;
            if (left <= 0) {
                frame.flush();
                left = FRAME;
            }
        }

        @Override
        public void close() throws IOException {
            frame.close();
        }
    }
}
