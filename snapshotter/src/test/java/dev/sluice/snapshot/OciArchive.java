package dev.sluice.snapshot;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** An image in an OCI archive, whose layers are directories of this machine. */
record OciArchive(Path file, List<String> chainIds) {
    private static final String PREFIX = "application/vnd.oci.image.";

    /**
     * Writes an image.
     *
     * @param directory a new one, which takes the archive and what it is made of
     * @param layers the lowest first
     */
    static OciArchive write(Path directory, String name, List<Path> layers) throws IOException, InterruptedException {
        Path layout = directory.resolve("layout");
        Files.createDirectories(layout.resolve("blobs/sha256"));
        List<Map<String, Object>> layerDescriptors = new ArrayList<>();
        List<String> diffIds = new ArrayList<>();
        List<String> chainIds = new ArrayList<>();
        for (Path layer : layers) {
            Path tar = directory.resolve("layer.tar");
            Programs.run("tar", "--numeric-owner", "-cf", tar.toString(), "-C", layer.toString(), ".");
            Map<String, Object> descriptor = blob(layout, PREFIX + "layer.v1.tar", Files.readAllBytes(tar));
            String diffId = (String) descriptor.get("digest");
            layerDescriptors.add(descriptor);
            chainIds.add(
                    chainIds.isEmpty()
                            ? diffId
                            : sha256((chainIds.get(chainIds.size() - 1) + " " + diffId).getBytes(UTF_8)));
            diffIds.add(diffId);
        }
        Map<String, Object> config = json(
                layout,
                PREFIX + "config.v1+json",
                Map.of(
                        "architecture",
                        System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64",
                        "os",
                        "linux",
                        "config",
                        Map.of("Cmd", List.of("/bin/sh")),
                        "rootfs",
                        Map.of("type", "layers", "diff_ids", diffIds)));
        Map<String, Object> manifest = json(
                layout,
                PREFIX + "manifest.v1+json",
                Map.of(
                        "schemaVersion",
                        2,
                        "mediaType",
                        PREFIX + "manifest.v1+json",
                        "config",
                        config,
                        "layers",
                        layerDescriptors));
        manifest.put("annotations", Map.of("io.containerd.image.name", name));
        ObjectMapper mapper = new ObjectMapper();
        Files.write(
                layout.resolve("index.json"),
                mapper.writeValueAsBytes(Map.of("schemaVersion", 2, "manifests", List.of(manifest))));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
        Path archive = directory.resolve("image.tar");
        Programs.run("tar", "-cf", archive.toString(), "-C", layout.toString(), ".");
        return new OciArchive(archive, List.copyOf(chainIds));
    }

    private static Map<String, Object> json(Path layout, String mediaType, Map<String, Object> value)
            throws IOException {
        return blob(layout, mediaType, new ObjectMapper().writeValueAsBytes(value));
    }

    private static Map<String, Object> blob(Path layout, String mediaType, byte[] bytes) throws IOException {
        String digest = sha256(bytes);
        Files.write(layout.resolve("blobs").resolve(digest.replace(':', '/')), bytes);
        Map<String, Object> descriptor = new HashMap<>();
        descriptor.put("mediaType", mediaType);
        descriptor.put("digest", digest);
        descriptor.put("size", bytes.length);
        return descriptor;
    }

    private static String sha256(byte[] bytes) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
