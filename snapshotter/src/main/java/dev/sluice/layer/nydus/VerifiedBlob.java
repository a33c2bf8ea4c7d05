package dev.sluice.layer.nydus;

import static java.util.Objects.requireNonNull;

import dev.sluice.layer.Blob;
import dev.sluice.layer.InvalidLayerException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/** Blobs that are read as a whole, and believed only if they have their digest. */
final class VerifiedBlob {
    private static final String SHA256 = "sha256:";

    private VerifiedBlob() {}

    /** Makes something of a blob's bytes; need not read to the end. */
    interface Reader<T> {
        /** @throws IOException if the bytes cannot be read, or make no sense */
        T read(InputStream bytes) throws IOException;
    }

    /**
     * Reads a blob, and once more from another source if it was not what its digest says.
     *
     * @param digest {@code sha256:hex}
     * @param limit most bytes of the blob
     * @throws InvalidLayerException if the blob has more bytes, if they are the right ones and make no sense, or if they are not the
     *     right ones even then
     * @throws IOException if the blob cannot be read
     */
    static <T> T read(Blob blob, String digest, long limit, Reader<T> reader) throws IOException {
        if (blob.size() <= 0 || blob.size() > limit) {
            throw new InvalidLayerException(
                    "blob " + digest + " has " + blob.size() + " bytes, allowed are 1 to " + limit);
        }
        try {
            return read(blob, digest, reader, Blob.Source.ANY);
        } catch (CorruptException e) {
            try {
                return read(blob, digest, reader, Blob.Source.OTHER);
            } catch (CorruptException again) {
                again.addSuppressed(e);
                throw new InvalidLayerException(again.reason(), again);
            }
        }
    }

    /** Bytes of another digest than the wanted one, which another source may have. */
    private static final class CorruptException extends IOException {
        private final String reason;

        CorruptException(String reason) {
            super(reason);
            this.reason = reason;
        }

        String reason() {
            return reason;
        }
    }

    private static <T> T read(Blob blob, String digest, Reader<T> reader, Blob.Source source) throws IOException {
        MessageDigest sha256 = sha256();
        try (InputStream in =
                new DigestInputStream(Channels.newInputStream(blob.read(0, blob.size(), source)), sha256)) {
            @Nullable T result = null;
            @Nullable InvalidLayerException broken = null;
            try {
                result = reader.read(in);
            } catch (InvalidLayerException e) {
                broken = e;
            } catch (ZipException | EOFException e) {
                broken = new InvalidLayerException("blob " + digest + " is malformed: " + e.getMessage(), e);
            }
            // If it was the transfer that ended early, it fails again here, or the digest is wrong.
            in.transferTo(OutputStream.nullOutputStream());
            String actual = SHA256 + HexFormat.of().formatHex(sha256.digest());
            if (!actual.equals(digest)) {
                throw new CorruptException("what came as blob " + digest + " has the digest " + actual);
            }
            if (broken != null) {
                throw broken;
            }
            return requireNonNull(result, "nothing was read");
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
