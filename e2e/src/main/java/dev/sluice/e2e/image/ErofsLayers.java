package dev.sluice.e2e.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.luben.zstd.ZstdOutputStream;
import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;

/**
 * Turns the layers of an image into EROFS images with mkfs.erofs, as containerd's EROFS differ takes them: whiteouts are those of overlayfs,
 * and diff IDs are the digests of the images. The tars are unpacked first, because Debian 12's mkfs.erofs does not read them.
 */
public enum ErofsLayers {
    /** Tails of files lie behind their inodes. */
    INLINE("", ""),
    /** As containerd makes them: contents of files lie apart from metadata. */
    PLAIN("", "-Enoinline_data"),
    /** In chunks, equal ones stored once. */
    CHUNKS("", "--chunksize=4096"),
    /** The same as {@link #PLAIN}, compressed as a whole. */
    ZSTD("+zstd", "-Enoinline_data"),
    /** Compressed inside, which Sluice does not read. */
    COMPRESSED("", "-zlz4");

    private static final String MEDIA_TYPE = "application/vnd.erofs.layer.v1";

    /** Names may hold any byte, so that only the shell handles them. */
    private static final String UNPACK = """
            set -euo pipefail
            tar --extract --file "$1" --directory "$2" --numeric-owner --same-permissions --xattrs --xattrs-include='*'
            cd "$2"
            find . -name '.wh.*' -print0 | while IFS= read -r -d '' whiteout; do
                directory=${whiteout%/*}
                name=${whiteout##*/.wh.}
                touch -r "$directory" "$3"
                rm -r -- "$whiteout"
                if [ "$name" = .wh..opq ]; then
                    setfattr -n trusted.overlay.opaque -v y -- "$directory"
                elif [ ! -e "$directory/$name" ] && [ ! -L "$directory/$name" ]; then
                    mknod -m 0 -- "$directory/$name" c 0 0
                fi
                touch -r "$3" -- "$directory"
            done
            """;

    private final String suffix;
    /** Of mkfs.erofs; empty for none. */
    private final String option;

    ErofsLayers(String suffix, String option) {
        this.suffix = suffix;
        this.option = option;
    }

    /**
     * Writes an image again.
     *
     * @param layout an OCI layout with one image, whose layers are gzip
     * @param target an empty directory of a file system with {@code trusted.*} attributes
     */
    public void write(Path layout, Path target) throws IOException {
        ObjectMapper json = new ObjectMapper();
        Files.createDirectories(target.resolve("blobs/sha256"));
        ObjectNode index =
                (ObjectNode) json.readTree(layout.resolve("index.json").toFile());
        ObjectNode image = (ObjectNode) index.path("manifests").path(0);
        ObjectNode manifest = (ObjectNode) json.readTree(blob(layout, image).toFile());
        ObjectNode config =
                (ObjectNode) json.readTree(blob(layout, manifest.path("config")).toFile());
        ArrayNode diffIds = ((ObjectNode) config.path("rootfs")).putArray("diff_ids");
        for (JsonNode layer : manifest.path("layers")) {
            Path erofs = make(blob(layout, layer), target);
            diffIds.add("sha256:" + Digests.sha256(Files.readAllBytes(erofs)));
            place(compress(erofs), target, ((ObjectNode) layer).put("mediaType", MEDIA_TYPE + suffix));
        }
        place(file(json, config, target), target, (ObjectNode) manifest.path("config"));
        place(file(json, manifest, target), target, image);
        json.writeValue(target.resolve("index.json").toFile(), index);
        Files.copy(layout.resolve("oci-layout"), target.resolve("oci-layout"));
    }

    private Path make(Path layer, Path target) throws IOException {
        Path scratch = Files.createTempDirectory(target, "layer");
        Path tar = scratch.resolve("tar");
        Path tree = Files.createDirectory(scratch.resolve("tree"));
        Path erofs = Files.createTempFile(target, "image", ".erofs");
        try (InputStream in = new GZIPInputStream(Files.newInputStream(layer), 1 << 16)) {
            Files.copy(in, tar);
        }
        Command.of(
                        "bash",
                        "-c",
                        UNPACK,
                        "unpack",
                        tar.toString(),
                        tree.toString(),
                        scratch.resolve("time").toString())
                .run();
        List<String> command = new ArrayList<>(List.of("mkfs.erofs", "--quiet"));
        if (!option.isEmpty()) {
            command.add(option);
        }
        command.addAll(List.of(erofs.toString(), tree.toString()));
        Command.of(command).run();
        Command.of("rm", "-r", scratch.toString()).run();
        return erofs;
    }

    private Path compress(Path erofs) throws IOException {
        if (suffix.isEmpty()) {
            return erofs;
        }
        Path compressed = erofs.resolveSibling(erofs.getFileName() + ".zst");
        try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(compressed))) {
            Files.copy(erofs, out);
        }
        Files.delete(erofs);
        return compressed;
    }

    private static Path file(ObjectMapper json, JsonNode node, Path target) throws IOException {
        Path file = Files.createTempFile(target, "blob", ".json");
        json.writeValue(file.toFile(), node);
        return file;
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
}
