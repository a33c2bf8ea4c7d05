package dev.sluice.layer.estargz;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.TarBuilder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A containerd of the test's own, with ctr-remote beside it. */
final class PrivateContainerd implements AutoCloseable {
    /** Programs that must be there. */
    static final List<String> TOOLS = List.of("containerd", "ctr", "ctr-remote");

    private static final Attributes PLAIN = new Attributes(0644, 0, 0, 0, 0, Map.of());

    private final Path directory;
    private final Process process;

    private PrivateContainerd(Path directory, Process process) {
        this.directory = directory;
        this.process = process;
    }

    static boolean isInstalled() {
        return TOOLS.stream()
                .allMatch(tool -> Stream.of(System.getenv("PATH").split(":"))
                        .anyMatch(path -> Files.isExecutable(Path.of(path, tool))));
    }

    static PrivateContainerd start(Path directory) throws IOException {
        Path config = Files.writeString(directory.resolve("config.toml"), """
                version = 2
                root = "%1$s/root"
                state = "%1$s/state"
                disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
                [grpc]
                  address = "%1$s/sock"
                """.formatted(directory));
        Process process = new ProcessBuilder("containerd", "--config", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        PrivateContainerd containerd = new PrivateContainerd(directory, process);
        await().atMost(Duration.ofMinutes(2)).ignoreExceptions().until(() -> {
            containerd.run("ctr", "version");
            return true;
        });
        return containerd;
    }

    /** Imports an image of uncompressed layers, and unpacks it. */
    void importImage(String name, List<byte[]> layers) throws IOException {
        TarBuilder archive = new TarBuilder();
        List<Map<String, Object>> descriptors = new ArrayList<>();
        List<String> diffIds = new ArrayList<>();
        for (byte[] layer : layers) {
            descriptors.add(blob(archive, "application/vnd.oci.image.layer.v1.tar", layer));
            diffIds.add(EstargzBuilder.sha256(layer));
        }
        byte[] config = EstargzBuilder.json(Map.of(
                "architecture",
                "amd64",
                "os",
                "linux",
                "config",
                Map.of(),
                "rootfs",
                Map.of("type", "layers", "diff_ids", diffIds)));
        byte[] manifest = EstargzBuilder.json(Map.of(
                "schemaVersion",
                2,
                "mediaType",
                "application/vnd.oci.image.manifest.v1+json",
                "config",
                blob(archive, "application/vnd.oci.image.config.v1+json", config),
                "layers",
                descriptors));
        Map<String, Object> root = blob(archive, "application/vnd.oci.image.manifest.v1+json", manifest);
        root.put("annotations", Map.of("io.containerd.image.name", name));
        archive.file("index.json", PLAIN, EstargzBuilder.json(Map.of("schemaVersion", 2, "manifests", List.of(root))));
        archive.file("oci-layout", PLAIN, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
        Path file = Files.write(directory.resolve("image.tar"), archive.build());
        run("ctr", "images", "import", "--all-platforms", file.toString());
    }

    private static Map<String, Object> blob(TarBuilder archive, String mediaType, byte[] bytes) {
        String hex = HexFormat.of().formatHex(DecodedLayer.sha256(bytes));
        archive.file("blobs/sha256/" + hex, PLAIN, bytes);
        return new java.util.HashMap<>(Map.of("mediaType", mediaType, "digest", "sha256:" + hex, "size", bytes.length));
    }

    /** Runs ctr or ctr-remote; the result is what it printed. */
    String run(String tool, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(
                List.of(tool, "--address", directory.resolve("sock").toString()));
        command.addAll(List.of(arguments));
        Process running = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        int code = running.onExit().join().exitValue();
        if (code != 0) {
            throw new IOException(command + " ended with " + code + ": " + output);
        }
        return output;
    }

    /** The manifest of an image. */
    JsonNode manifest(String name) throws IOException {
        for (String line : run("ctr", "images", "ls").lines().toList()) {
            List<String> columns = List.of(line.split("\\s+"));
            if (columns.get(0).equals(name)) {
                return new ObjectMapper().readTree(content(columns.get(2)));
            }
        }
        throw new IOException("no such image: " + name);
    }

    byte[] content(String digest) throws IOException {
        return Files.readAllBytes(
                directory.resolve("root/io.containerd.content.v1.content/blobs").resolve(digest.replace(':', '/')));
    }

    /** The tree that unpacking a layer made, counted from 1 in the order of unpacking. */
    Path unpacked(int layer) {
        return directory.resolve("root/io.containerd.snapshotter.v1.overlayfs/snapshots/" + layer + "/fs");
    }

    @Override
    public void close() {
        process.destroy();
        process.onExit().join();
    }
}
