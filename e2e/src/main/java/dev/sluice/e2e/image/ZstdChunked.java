package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.runtime.ContainerdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;

/** Makes images whose layers are zstd:chunked, in each dialect. */
public final class ZstdChunked {

    private static final String MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd";
    private static final String CHECKSUM = "zstd-chunked.manifest-checksum";
    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private final ObjectMapper json = new ObjectMapper();
    private final Path source;
    private final Path target;

    private ZstdChunked(Path source, Path target) {
        this.source = source;
        this.target = target;
    }

    /**
     * Pushes an image as Debian's skopeo compresses it; its podman makes the same bytes of the same layers. This is the dialect of
     * containers/storage until the end of 2022.
     *
     * @param layout an OCI layout with the tag {@link DebianImage#TAG}
     * @param work an empty directory
     * @param reference such as {@code 127.0.0.1:5000/name:tag}
     */
    public static void pushWithSkopeo(Path layout, Path work, String reference) throws IOException {
        Path compressed = work.resolve("layout");
        Command.of(
                        "skopeo",
                        "--insecure-policy",
                        "copy",
                        "--quiet",
                        "--dest-compress-format",
                        "zstd:chunked",
                        "oci:" + layout + ":" + DebianImage.TAG,
                        "oci:" + compressed + ":" + DebianImage.TAG)
                .withTimeout(TIMEOUT)
                .run();
        ImagePublisher.push(compressed, DebianImage.TAG, reference);
        requireChecksums(RemoteManifest.fetch(reference));
    }

    /**
     * Pushes an image as containers/storage of our days compresses it.
     *
     * @param program {@code zstdchunked} of {@code e2e/tools/clients}
     * @param layout an OCI layout with one image, whose layers are gzip, and the tag {@link DebianImage#TAG}
     * @param work an empty directory
     * @param reference such as {@code 127.0.0.1:5000/name:tag}
     */
    public static void pushWithStorage(Path program, Path layout, Path work, String reference) throws IOException {
        Path compressed = work.resolve("layout");
        new ZstdChunked(layout, compressed).write(program);
        ImagePublisher.push(compressed, DebianImage.TAG, reference);
        requireChecksums(RemoteManifest.fetch(reference));
    }

    /**
     * Converts an image and pushes the result beside it: the dialect of stargz.
     *
     * @param containerd holds both afterwards
     * @param nerdctl of the 2.x versions: earlier ones, and Debian's {@code ctr-remote}, fail with images that have a layer twice
     * @param work for files of nerdctl
     */
    public static void convert(ContainerdClient containerd, Path nerdctl, Path work, String reference, String converted)
            throws IOException {
        containerd.command("content", "fetch", "--plain-http", reference).run();
        containerd
                .otherCommand(nerdctl, "--data-root", work.resolve("nerdctl").toString())
                .withArguments(List.of("image", "convert", "--zstdchunked", "--oci", reference, converted))
                .run();
        containerd.remoteCommand("images", "push", "--plain-http", converted).run();
        RemoteManifest manifest = RemoteManifest.fetch(converted);
        requireChecksums(manifest);
        Estargz.requireTocDigests(manifest);
    }

    private void write(Path program) throws IOException {
        Files.createDirectories(target.resolve("blobs/sha256"));
        ObjectNode index =
                (ObjectNode) json.readTree(source.resolve("index.json").toFile());
        ObjectNode image = (ObjectNode) index.path("manifests").path(0);
        ObjectNode manifest = (ObjectNode) json.readTree(blob(source, image).toFile());
        Files.copy(blob(source, manifest.path("config")), blob(target, manifest.path("config")));
        for (JsonNode layer : manifest.path("layers")) {
            compress(program, (ObjectNode) layer);
        }
        Path temporary = Files.createTempFile(target, "manifest", "");
        json.writeValue(temporary.toFile(), manifest);
        place(temporary, image);
        json.writeValue(target.resolve("index.json").toFile(), index);
        Files.copy(source.resolve("oci-layout"), target.resolve("oci-layout"));
    }

    private void compress(Path program, ObjectNode layer) throws IOException {
        Path blob = Files.createTempFile(target, "layer", "");
        Path annotations = Files.createTempFile(target, "annotations", "");
        Command.of(
                        "bash",
                        "-c",
                        "set -o pipefail; gzip -dc < \"$1\" | \"$2\" \"$3\" > \"$4\"",
                        "bash",
                        blob(source, layer).toString(),
                        program.toString(),
                        annotations.toString(),
                        blob.toString())
                .withTimeout(TIMEOUT)
                .run();
        layer.set("annotations", json.readTree(annotations.toFile()));
        Files.delete(annotations);
        place(blob, layer.put("mediaType", MEDIA_TYPE));
    }

    private void place(Path file, ObjectNode descriptor) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        descriptor.put("digest", "sha256:" + Digests.sha256(bytes)).put("size", bytes.length);
        Files.move(file, blob(target, descriptor), StandardCopyOption.REPLACE_EXISTING);
    }

    private static Path blob(Path layout, JsonNode descriptor) {
        return layout.resolve("blobs")
                .resolve(descriptor.path("digest").asText().replace(':', '/'));
    }

    private static void requireChecksums(RemoteManifest manifest) throws IOException {
        for (JsonNode layer : manifest.layers()) {
            boolean hasChecksum = false;
            for (String name :
                    (Iterable<String>) () -> layer.path("annotations").fieldNames()) {
                hasChecksum |= name.endsWith(CHECKSUM);
            }
            if (!hasChecksum) {
                throw new IOException("Tried to compress as zstd:chunked but failed because: no " + CHECKSUM + " on "
                        + layer.path("digest").asText());
            }
        }
    }
}
