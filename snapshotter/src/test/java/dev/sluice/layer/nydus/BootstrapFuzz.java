package dev.sluice.layer.nydus;

import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Fuzzes bootstraps of nydus, through to entries and spans. They are mostly zeros, so only the rest is given: the number of blocks, and then
 * pieces, each with its offset in units of 4 bytes (u16), its length (u8) and its bytes.
 */
public final class BootstrapFuzz {
    private static final String DIGEST = "sha256:" + "0".repeat(64);
    private static final Limits LIMITS = new Limits(1 << 20, 1 << 20, 1000, 1 << 16);
    private static final long BLOB_SIZE = 1 << 20;
    private static final int BLOCK = 4096;
    private static final int MAX_BLOCKS = 16;

    private BootstrapFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length == 0) {
            return;
        }
        try {
            Bootstrap bootstrap = Bootstrap.read(expand(data));
            LayerIndex index = NydusFormat.index("nydus", DIGEST, bootstrap, space(bootstrap), LIMITS);
            for (Entry entry : index.entries()) {
                if (entry instanceof Entry.RegularFile file
                        && file.size() > index.spans().deviceSize() - file.deviceOffset()) {
                    throw new AssertionError("a file reaches beyond the device: " + file);
                }
            }
            for (int i = 0; i < index.spans().extentCount(); i++) {
                if (!index.spans().extentHasDigest(i)) {
                    throw new AssertionError("an extent has no digest");
                }
            }
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    /** Fuzzers know nothing of alignment: pieces may overlap, and reach beyond the end. */
    static ByteBuffer expand(byte[] data) {
        ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        byte[] image = new byte[(1 + (in.get() & MAX_BLOCKS - 1)) * BLOCK];
        while (in.remaining() > 3) {
            int offset = 4 * Short.toUnsignedInt(in.getShort());
            int length = Math.min(Byte.toUnsignedInt(in.get()), in.remaining());
            byte[] piece = new byte[length];
            in.get(piece);
            if (offset < image.length) {
                System.arraycopy(piece, 0, image, offset, Math.min(length, image.length - offset));
            }
        }
        return ByteBuffer.wrap(image);
    }

    /** All blobs are there, and gzip layers have metadata that are right for one of them. */
    private static BlobSpace space(Bootstrap bootstrap) throws IOException {
        List<LayerDescriptor> blobs = new ArrayList<>();
        List<Long> starts = new ArrayList<>();
        List<Optional<ZranTable>> zrans = new ArrayList<>();
        for (BlobEntry entry : bootstrap.blobs()) {
            starts.add(blobs.size() * BLOB_SIZE);
            blobs.add(new LayerDescriptor("blob", "sha256:" + entry.id(), BLOB_SIZE, Map.of()));
            zrans.add(entry.zran() ? Optional.of(zran()) : Optional.empty());
        }
        return new BlobSpace(blobs, starts, zrans, blobs.size() * BLOB_SIZE);
    }

    private static ZranTable zran() throws IOException {
        try (InputStream in = BootstrapFuzz.class.getResourceAsStream("/fuzz/rafs-blob-meta/table")) {
            return BlobMetaFuzz.table(
                    Objects.requireNonNull(in, "no case of metadata").readAllBytes());
        }
    }
}
