package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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
    private static final String TAR = "application/vnd.oci.image.layer.v1.tar";
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

    /** The same with layers that are tars already, which are not compressed. */
    public static void writeTars(Path directory, String tag, List<Path> tars) throws IOException {
        new OciLayout(directory).copy(tag, tars);
    }

    private void copy(String tag, List<Path> tars) throws IOException {
        Files.createDirectories(directory.resolve("blobs/sha256"));
        List<String> diffIds = new ArrayList<>();
        List<ObjectNode> descriptors = new ArrayList<>();
        for (Path tar : tars) {
            Path copy = Files.createTempFile(directory, "layer", ".tar");
            Files.copy(tar, copy, StandardCopyOption.REPLACE_EXISTING);
            ObjectNode descriptor = descriptor(TAR, copy);
            diffIds.add(descriptor.path("digest").asText());
            descriptors.add(descriptor);
        }
        finish(tag, diffIds, descriptors);
    }

    private void write(String tag, List<List<TarEntry>> layers) throws IOException {
        Files.createDirectories(directory.resolve("blobs/sha256"));
        List<String> diffIds = new ArrayList<>();
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
            diffIds.add(hex(diffId));
            descriptors.add(descriptor(LAYER, tar));
        }
        finish(tag, diffIds, descriptors);
    }

    private void finish(String tag, List<String> diffIds, List<ObjectNode> descriptors) throws IOException {
        ObjectNode config = json.createObjectNode().put("architecture", "amd64").put("os", "linux");
        config.putObject("config");
        ArrayNode named = config.putObject("rootfs").put("type", "layers").putArray("diff_ids");
        diffIds.forEach(named::add);
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
        Files.move(file, blob, StandardCopyOption.REPLACE_EXISTING);
        return descriptor;
    }

    private static String hex(MessageDigest digest) {
        return "sha256:" + HexFormat.of().formatHex(digest.digest());
    }
}
