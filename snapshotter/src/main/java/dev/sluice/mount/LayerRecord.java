package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
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
 * @param prefetch bytes at the start of the data device that are wanted when a container starts
 * @param missingDirectories paths that the table of contents does not name, ordered; they take their attributes from the layers
 *     below
 * @param sources image references whose repositories have the blob, the first known first
 * @param diffId that all bytes of the layer were found to have, {@code sha256:hex}, by us or by who signed its index; empty if nobody has looked at all of them
 * @param claimedBy digest of the one manifest that its index is right for; empty if it is not the image that names the index
 * @param whole whether the data device was complete when the directory was made
 */
record LayerRecord(
        String magic,
        int version,
        String format,
        LayerDescriptor layer,
        String indexDigest,
        long deviceSize,
        long prefetch,
        List<String> missingDirectories,
        List<String> sources,
        String diffId,
        String claimedBy,
        boolean whole) {
    static final String MAGIC = "sluice-layer";
    static final int VERSION = 2;
    /** Had no diff ID, and no layer that came whole. */
    private static final int FIRST_VERSION = 1;
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
        claimedBy = version == FIRST_VERSION ? "" : requireNonNull(claimedBy, "claimedBy is null");
        diffId = version == FIRST_VERSION ? "" : requireNonNull(diffId, "diffId is null");
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
                diffId,
                claimedBy,
                whole);
    }

    byte[] toJson() {
        try {
            return JSON.writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a layer record cannot be written as JSON", e);
        }
    }

    /** @throws IOException if the bytes are no layer record of this version */
    static LayerRecord fromJson(byte[] json) throws IOException {
        LayerRecord record = JSON.readValue(json, LayerRecord.class);
        if (!MAGIC.equals(record.magic)) {
            throw new IOException("not a layer record: magic is " + record.magic + ", expected " + MAGIC);
        }
        if (record.version < FIRST_VERSION || record.version > VERSION) {
            throw new IOException(
                    "layer record has version " + record.version + ", expected " + FIRST_VERSION + " to " + VERSION);
        }
        return record;
    }
}
