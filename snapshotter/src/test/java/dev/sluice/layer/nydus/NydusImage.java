package dev.sluice.layer.nydus;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.sluice.layer.Blob;
import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.ConcatenatedBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerImage;
import dev.sluice.layer.LayerIndex;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** An image that nydus' own tools have made, see src/test/resources/nydus/README.md. Blobs can be replaced. */
final class NydusImage implements LayerImage {
    private final Path directory;
    private final List<LayerDescriptor> layers;
    private final Map<String, Blob> replaced = new HashMap<>();
    private final List<String> opened = new ArrayList<>();

    private NydusImage(Path directory, List<LayerDescriptor> layers) {
        this.directory = directory;
        this.layers = layers;
    }

    static NydusImage of(String form) throws IOException {
        Path directory = Path.of("src/test/resources/nydus", form);
        ObjectMapper json = new ObjectMapper();
        List<LayerDescriptor> layers = new ArrayList<>();
        for (JsonNode layer :
                json.readTree(directory.resolve("manifest.json").toFile()).path("layers")) {
            layers.add(new LayerDescriptor(
                    layer.path("mediaType").asText(),
                    layer.path("digest").asText(),
                    layer.path("size").asLong(),
                    json.convertValue(layer.path("annotations"), new TypeReference<Map<String, String>>() {})));
        }
        return new NydusImage(directory, layers);
    }

    /** The same with other layers. */
    NydusImage with(List<LayerDescriptor> others) {
        return new NydusImage(directory, List.copyOf(others));
    }

    void replace(String digest, Blob blob) {
        replaced.put(digest, blob);
    }

    LayerDescriptor bootstrap() {
        return layers.get(layers.size() - 1);
    }

    /** Digests of all blobs that were opened, in this order. */
    List<String> opened() {
        return opened;
    }

    byte[] bytes(String digest) throws IOException {
        return Files.readAllBytes(directory.resolve(digest.substring("sha256:".length())));
    }

    /** The bytes that the spans of an index refer to. */
    byte[] data(LayerIndex index) throws IOException {
        Blob all = new ConcatenatedBlob(index.blobs().stream().map(this::open).toList());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Channels.newInputStream(all.read(0, all.size(), Blob.Source.ANY)).transferTo(bytes);
        return bytes.toByteArray();
    }

    @Override
    public List<LayerDescriptor> layers() {
        return layers;
    }

    @Override
    public synchronized Blob open(LayerDescriptor descriptor) {
        opened.add(descriptor.digest());
        try {
            return replaced.containsKey(descriptor.digest())
                    ? replaced.get(descriptor.digest())
                    : new BytesBlob(bytes(descriptor.digest()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
