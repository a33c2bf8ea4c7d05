package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/** Writes an image of tar+gzip layers as an OCI image layout. Not thread-safe. */
public final class OciLayout {

    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String CONFIG = "application/vnd.oci.image.config.v1+json";
    private static final String LAYER = "application/vnd.oci.image.layer.v1.tar+gzip";

    private final ObjectMapper json = new ObjectMapper();
    private final Path directory;

    private OciLayout(Path directory) {
        this.directory = directory;
    }

    /** Writes a layout with one image in it; equal layers give equal bytes. */
    public static void write(Path directory, String tag, List<List<TarEntry>> layers) throws IOException {
        new OciLayout(directory).write(tag, layers);
    }

    private void write(String tag, List<List<TarEntry>> layers) throws IOException {
        Files.createDirectories(directory.resolve("blobs/sha256"));
        ObjectNode config = json.createObjectNode().put("architecture", "amd64").put("os", "linux");
        config.putObject("config");
        ObjectNode rootfs = config.putObject("rootfs").put("type", "layers");
        List<ObjectNode> descriptors = new ArrayList<>();
        for (List<TarEntry> layer : layers) {
            MessageDigest diffId = Digests.newSha256();
            Path tar = Files.createTempFile(directory, "layer", ".tar.gz");
            try (TarWriter writer =
                    new TarWriter(new DigestOutputStream(new GZIPOutputStream(Files.newOutputStream(tar)), diffId))) {
                for (TarEntry entry : layer) {
                    writer.write(entry);
                }
            }
            rootfs.withArray("diff_ids").add(hex(diffId));
            descriptors.add(descriptor(LAYER, tar));
        }
        ObjectNode manifest = json.createObjectNode().put("schemaVersion", 2).put("mediaType", MANIFEST);
        manifest.set("config", descriptor(CONFIG, blob(config)));
        descriptors.forEach(manifest.putArray("layers")::add);
        ObjectNode index = json.createObjectNode().put("schemaVersion", 2);
        ObjectNode image = descriptor(MANIFEST, blob(manifest));
        image.putObject("annotations").put("org.opencontainers.image.ref.name", tag);
        index.putArray("manifests").add(image);
        json.writeValue(directory.resolve("index.json").toFile(), index);
        Files.writeString(directory.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    }

    private Path blob(ObjectNode node) throws IOException {
        Path file = Files.createTempFile(directory, "blob", ".json");
        json.writeValue(file.toFile(), node);
        return file;
    }

    /** Moves a file to its place among the blobs. */
    private ObjectNode descriptor(String mediaType, Path file) throws IOException {
        MessageDigest digest = Digests.newSha256();
        try (OutputStream out = new DigestOutputStream(OutputStream.nullOutputStream(), digest)) {
            Files.copy(file, out);
        }
        String name = hex(digest);
        ObjectNode descriptor = json.createObjectNode()
                .put("mediaType", mediaType)
                .put("digest", name)
                .put("size", Files.size(file));
        Path blob = directory.resolve("blobs/sha256").resolve(name.substring("sha256:".length()));
        Files.move(file, blob, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        return descriptor;
    }

    private static String hex(MessageDigest digest) {
        return "sha256:" + HexFormat.of().formatHex(digest.digest());
    }
}
