package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.layer.DeviceRange;
import dev.sluice.layer.LayerDescriptor;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * {@code layer.json}: where a layer came from and what its directory holds.
 *
 * @param magic {@link #MAGIC}
 * @param version {@link #VERSION}
 * @param format name of the image format
 * @param layer the blob
 * @param indexDigest of the table of contents
 * @param deviceSize of the data device, in bytes
 * @param prefetch what of the data device is wanted when a container starts, the most urgent first
 * @param missingDirectories paths that the table of contents does not name, ordered; they take their attributes from the layers
 *     below
 * @param sources image references whose repositories have the blob, the first known first
 * @param vouchers who stands for its index
 * @param whole whether the data device was complete when the directory was made
 * @param blobs that the data are in, as in {@link dev.sluice.layer.LayerIndex}; records of before there were such have none
 */
record LayerRecord(
        String magic,
        int version,
        String format,
        LayerDescriptor layer,
        String indexDigest,
        long deviceSize,
        @JsonDeserialize(using = PrefetchJson.class) List<DeviceRange> prefetch,
        List<String> missingDirectories,
        List<String> sources,
        Vouchers vouchers,
        boolean whole,
        List<LayerDescriptor> blobs) {
    static final String MAGIC = "sluice-layer";
    /** Before, there was one number for what to prefetch. */
    static final int VERSION = 4;
    /** Had no diff ID, and no layer that came whole. */
    private static final int FIRST_VERSION = 1;
    /** Had a diff ID, and one manifest at most that names the index. */
    private static final int ONE_IMAGE_VERSION = 2;
    /** Had its data in the layer's own blob. */
    private static final int ONE_BLOB_VERSION = 3;
    /** More sources would only make a failing read slower. */
    static final int MAX_SOURCES = 8;

    // Lone surrogates, which stand for bytes that are not UTF-8, survive only as escapes.
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
            .build();

    LayerRecord {
        requireNonNull(format, "format is null");
        requireNonNull(layer, "layer is null");
        requireNonNull(indexDigest, "indexDigest is null");
        missingDirectories = List.copyOf(missingDirectories);
        sources = List.copyOf(sources);
        prefetch = List.copyOf(prefetch);
        requireNonNull(vouchers, "vouchers is null");
        blobs = List.copyOf(blobs);
        if (blobs.stream().anyMatch(blob -> blob.size() < 0)) {
            throw new IllegalArgumentException("layer record with a blob of less than no bytes");
        }
        long prefetchEnd = prefetch.stream()
                .mapToLong(range -> range.offset() + range.length())
                .max()
                .orElse(0);
        if (layer.size() < 0 || deviceSize < 0 || prefetchEnd > deviceSize) {
            throw new IllegalArgumentException("layer record with a blob of " + layer.size() + ", a device of "
                    + deviceSize + " and a prefetch up to byte " + prefetchEnd);
        }
        if (sources.size() > MAX_SOURCES) {
            throw new IllegalArgumentException("layer record with " + sources.size() + " sources");
        }
    }

    /** See {@link Vouchers#diffId}. */
    String diffId() {
        return vouchers.diffId();
    }

    LayerRecord withSource(String source) {
        List<String> more = Stream.concat(sources.stream(), Stream.of(source))
                .distinct()
                .limit(MAX_SOURCES)
                .toList();
        return new LayerRecord(
                MAGIC,
                VERSION,
                format,
                layer,
                indexDigest,
                deviceSize,
                prefetch,
                missingDirectories,
                more,
                vouchers,
                whole,
                blobs);
    }

    LayerRecord withVouchers(Vouchers more) {
        return new LayerRecord(
                MAGIC,
                VERSION,
                format,
                layer,
                indexDigest,
                deviceSize,
                prefetch,
                missingDirectories,
                sources,
                vouchers.and(more),
                whole,
                blobs);
    }

    byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a layer record cannot be written as JSON", e);
        }
    }

    /** @throws IOException if the bytes are no layer record of this version or an earlier one */
    static LayerRecord fromJson(byte[] json) throws IOException {
        if (!(JSON.readTree(json) instanceof ObjectNode tree)) {
            throw new IOException("not a layer record: no JSON object");
        }
        String magic = tree.path("magic").asText();
        if (!MAGIC.equals(magic)) {
            throw new IOException("not a layer record: magic is " + magic + ", expected " + MAGIC);
        }
        int version = tree.path("version").asInt();
        if (version < FIRST_VERSION || version > VERSION) {
            throw new IOException(
                    "layer record has version " + version + ", expected " + FIRST_VERSION + " to " + VERSION);
        }
        if (version < VERSION) {
            bringUpToDate(tree, version);
        }
        return JSON.treeToValue(tree, LayerRecord.class);
    }

    /** The index of a plain layer that no image named was right for all that had its blob. */
    private static void bringUpToDate(ObjectNode tree, int version) {
        tree.put("version", VERSION).putArray("blobs");
        if (version == ONE_BLOB_VERSION) {
            return;
        }
        String diffId = version >= ONE_IMAGE_VERSION ? tree.path("diffId").asText() : "";
        String image = version >= ONE_IMAGE_VERSION ? tree.path("claimedBy").asText() : "";
        boolean plain = tree.path("format").asText().startsWith("tar");
        tree.remove(List.of("diffId", "claimedBy"));
        tree.putPOJO(
                "vouchers",
                new Vouchers(diffId, image.isEmpty() ? List.of() : List.of(image), plain && image.isEmpty()));
    }
}
