package dev.sluice.packages;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Makes Sluice's container image for some platforms, as an OCI image layout: {@code index.json} names one index, and that an image for
 * each. Equal arguments and files give equal bytes with the same Java.
 */
public final class ImageBuilder {
    private static final String INDEX = "application/vnd.oci.image.index.v1+json";
    private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    private static final String CONFIG = "application/vnd.oci.image.config.v1+json";

    private static final String HOME = "opt/sluice";
    private static final String VERSION = "org.opencontainers.image.version";

    private final Path layout;
    private final Path blobs;
    private final Path distribution;
    private final String version;
    private final Instant time;

    private ImageBuilder(Path layout, Path distribution, String version, Instant time) {
        this.layout = layout;
        this.blobs = layout.resolve("blobs/sha256");
        this.distribution = distribution;
        this.version = version;
        this.time = time;
    }

    /**
     * {@code LAYOUT DISTRIBUTION VERSION TIME ARCHITECTURE=DIRECTORY...}.
     *
     * <p>LAYOUT is replaced; DISTRIBUTION is the directory with {@code bin/sluice}; TIME, as ISO 8601, is that of all files.
     */
    public static void main(String[] arguments) throws IOException {
        List<Platform> platforms =
                Stream.of(arguments).skip(4).map(Platform::parse).toList();
        new ImageBuilder(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2], Instant.parse(arguments[3]))
                .build(platforms);
    }

    private void build(List<Platform> platforms) throws IOException {
        delete(layout);
        Files.createDirectories(blobs);
        ObjectNode index = Blob.object().put("schemaVersion", 2).put("mediaType", INDEX);
        ArrayNode manifests = index.putArray("manifests");
        List<Layer> shared = List.of(libraries(), sluice());
        for (Platform platform : platforms) {
            ObjectNode descriptor = image(platform, shared).descriptor();
            platform.describe(descriptor.putObject("platform"));
            manifests.add(descriptor);
        }
        annotations().forEach(index.putObject("annotations")::put);

        ObjectNode top = Blob.object().put("schemaVersion", 2);
        ObjectNode descriptor = Blob.write(blobs, INDEX, index).descriptor();
        descriptor.putObject("annotations").put("org.opencontainers.image.ref.name", version);
        top.putArray("manifests").add(descriptor);
        Files.writeString(layout.resolve("index.json"), Blob.text(top));
        Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}\n");
    }

    /** What changes seldom lies below what changes with every build. */
    private Blob image(Platform platform, List<Layer> shared) throws IOException {
        List<Layer> layers = new ArrayList<>(List.of(
                Layer.write(
                        blobs, "C library, busybox, certificates", time, List.of(LayerSource.all(platform.base(), ""))),
                Layer.write(blobs, "Java", time, List.of(LayerSource.all(platform.runtime(), HOME + "/runtime")))));
        layers.addAll(shared);

        ObjectNode manifest = Blob.object().put("schemaVersion", 2).put("mediaType", MANIFEST);
        manifest.set(
                "config",
                Blob.write(blobs, CONFIG, configuration(platform, layers)).descriptor());
        ArrayNode descriptors = manifest.putArray("layers");
        layers.forEach(layer -> descriptors.add(layer.blob().descriptor()));
        annotations().forEach(manifest.putObject("annotations")::put);
        return Blob.write(blobs, MANIFEST, manifest);
    }

    private ObjectNode configuration(Platform platform, List<Layer> layers) {
        ObjectNode configuration = platform.describe(Blob.object().put("created", time.toString()));
        ObjectNode config = configuration.putObject("config");
        config.putArray("Env").add("PATH=/" + HOME + "/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        config.putArray("Entrypoint").add("/" + HOME + "/bin/sluice");
        config.putArray("Cmd").add("daemon");
        config.put("WorkingDir", "/");
        annotations().forEach(config.putObject("Labels")::put);
        ObjectNode root = configuration.putObject("rootfs").put("type", "layers");
        ArrayNode diffIds = root.putArray("diff_ids");
        ArrayNode history = configuration.putArray("history");
        for (Layer layer : layers) {
            diffIds.add(layer.diffId());
            history.addObject().put("created", time.toString()).put("created_by", layer.comment());
        }
        return configuration;
    }

    private Map<String, String> annotations() {
        Map<String, String> annotations = new TreeMap<>();
        annotations.put("org.opencontainers.image.title", "Sluice");
        annotations.put(
                "org.opencontainers.image.description",
                "A containerd remote snapshotter: containers start before their images are there");
        annotations.put("org.opencontainers.image.licenses", "Apache-2.0");
        annotations.put(VERSION, version);
        annotations.put("org.opencontainers.image.created", time.toString());
        return annotations;
    }

    private Layer libraries() throws IOException {
        return Layer.write(
                blobs,
                "libraries",
                time,
                List.of(new LayerSource(distribution, HOME, path -> path.startsWith("lib") && !isOwn(path))));
    }

    private Layer sluice() throws IOException {
        return Layer.write(
                blobs,
                "Sluice " + version,
                time,
                List.of(new LayerSource(distribution, HOME, path -> !path.startsWith("lib") || isOwn(path))));
    }

    /** Jars of this build have its version. */
    private boolean isOwn(Path path) {
        return path.toString().endsWith("-" + version + ".jar");
    }

    private static void delete(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (Stream<Path> all = Files.walk(directory)) {
                for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(path);
                }
            }
        }
    }
}
