package dev.sluice.packages;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;

/**
 * A blob in a layout, as descriptors speak of it.
 *
 * @param mediaType of OCI
 * @param digest of its bytes
 * @param size in bytes
 */
record Blob(String mediaType, String digest, long size) {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Takes a file of the directory {@code blobs} over, under the name that its digest gives it. */
    static Blob adopt(Path blobs, String mediaType, Path file) throws IOException {
        DigestOutputStream digesting = Digest.of(OutputStream.nullOutputStream());
        try (InputStream in = Files.newInputStream(file)) {
            in.transferTo(digesting);
        }
        Blob blob = new Blob(mediaType, Digest.text(digesting.getMessageDigest()), Files.size(file));
        Path target = blobs.resolve(blob.digest().substring("sha256:".length()));
        Files.move(file, target, StandardCopyOption.REPLACE_EXISTING);
        Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-r--r--"));
        return blob;
    }

    static Blob write(Path blobs, String mediaType, ObjectNode json) throws IOException {
        Path file = Files.createTempFile(blobs, "json", ".tmp");
        Files.writeString(file, text(json));
        return adopt(blobs, mediaType, file);
    }

    static String text(ObjectNode json) throws JsonProcessingException {
        return JSON.writeValueAsString(json) + "\n";
    }

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** What points to it. */
    ObjectNode descriptor() {
        return object().put("mediaType", mediaType).put("digest", digest).put("size", size);
    }
}
