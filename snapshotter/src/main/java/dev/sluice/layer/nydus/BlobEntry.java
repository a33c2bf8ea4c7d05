package dev.sluice.layer.nydus;

import dev.sluice.layer.ExtentDigest;
import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * What a bootstrap says of a blob: 256 bytes of its blob table.
 *
 * @param id hexadecimal SHA-256 of the blob that holds the chunks
 * @param compression how chunks are compressed that say that they are
 * @param digests which digests the chunks have
 * @param zran whether the blob is a plain gzip layer, and its metadata are in another blob
 * @param size of the blob up to its metadata, in bytes; of all of it if {@code zran}
 * @param metadata hexadecimal SHA-256 of the blob with the metadata; meaningless unless {@code zran}
 */
record BlobEntry(
        String id, Compression compression, ExtentDigest.Kind digests, boolean zran, long size, String metadata) {
    /** Bytes of an entry. */
    static final int SIZE = 256;

    private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");
    private static final int FEATURE_ZRAN = 0x8;
    private static final int FEATURE_SEPARATE = 0x10;
    private static final int FEATURE_TARFS = 0x40;
    private static final int FEATURE_ENCRYPTED = 0x100;
    private static final int FEATURE_EXTERNAL = 0x800;
    private static final long MAX_SIZE = 1L << 40;

    /** How chunks are compressed. */
    enum Compression {
        NONE,
        LZ4_BLOCK,
        GZIP,
        ZSTD
    }

    /** @throws InvalidLayerException if it is malformed, or of a kind that is not supported; the message says which */
    static BlobEntry read(ByteBuffer table, int offset) throws InvalidLayerException {
        byte[] idBytes = new byte[64];
        table.get(offset, idBytes);
        String id = new String(idBytes, StandardCharsets.ISO_8859_1);
        if (!HEX.matcher(id).matches()) {
            throw new InvalidLayerException("a blob of its bootstrap is not named by a SHA-256 digest");
        }
        int compression = table.getInt(offset + 76);
        int digests = table.getInt(offset + 80);
        int features = table.getInt(offset + 84);
        long size = table.getLong(offset + 88);
        requireSupported(id, features);
        Compression[] compressions = Compression.values();
        if (compression < 0 || compression >= compressions.length) {
            throw new InvalidLayerException("chunks of blob " + id + " have an unknown compression: " + compression);
        }
        if (digests != 0 && digests != 1) {
            throw new InvalidLayerException("chunks of blob " + id + " have unknown digests: " + digests);
        }
        if (size < 0 || size > MAX_SIZE) {
            throw new InvalidLayerException("blob " + id + " has a size of " + size + " bytes");
        }
        byte[] metadata = new byte[32];
        table.get(offset + 168, metadata);
        boolean zran = (features & FEATURE_ZRAN) != 0;
        if (zran && Arrays.equals(metadata, new byte[32])) {
            throw new InvalidLayerException("its bootstrap does not vouch for the metadata of the gzip layer " + id);
        }
        return new BlobEntry(
                id,
                compressions[compression],
                digests == 0 ? ExtentDigest.Kind.BLAKE3 : ExtentDigest.Kind.SHA256,
                zran,
                size,
                HexFormat.of().formatHex(metadata));
    }

    private static void requireSupported(String id, int features) throws InvalidLayerException {
        if ((features & FEATURE_ENCRYPTED) != 0) {
            throw new InvalidLayerException("blob " + id + " is encrypted, which is not supported");
        }
        if ((features & FEATURE_TARFS) != 0) {
            throw new InvalidLayerException("blob " + id + " is a tar without chunks (tarfs), which is not supported");
        }
        if ((features & FEATURE_EXTERNAL) != 0) {
            throw new InvalidLayerException("blob " + id + " is outside of the registry, which is not supported");
        }
        if ((features & FEATURE_SEPARATE) != 0 && (features & FEATURE_ZRAN) == 0) {
            throw new InvalidLayerException(
                    "blob " + id + " refers to a layer that is not plain gzip, which is not supported");
        }
    }
}
