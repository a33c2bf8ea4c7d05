package dev.sluice.layer.erofs;

import com.github.luben.zstd.Zstd;
import dev.sluice.layer.BlobIndexCodec;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;

/**
 * Fuzzes indexes of EROFS layers: their header, a byte, and what follows as it is if that is odd, else what follows compressed, first as many
 * bytes of spans as twice the byte says, then metadata. They have the right checksum, or hardly anything would come past it.
 */
public final class ErofsIndexFuzz {
    private static final ErofsLimits LIMITS = new ErofsLimits(1000, 1 << 16, 1 << 20, 1 << 20, 1 << 30);

    private ErofsIndexFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length <= BlobIndexCodec.HEADER) {
            return;
        }
        ByteBuffer bytes = index(data).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(BlobIndexCodec.CHECKSUM, BlobIndexCodec.checksum(bytes));
        try {
            ErofsIndex index = ErofsIndex.read(bytes, LIMITS);
            LayerIndex layer = index.toLayerIndex("sha256:index");
            if (layer.spans().deviceSize() != index.deviceSize()) {
                throw new AssertionError("the device has another size than its index says");
            }
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static ByteBuffer index(byte[] data) {
        int how = data[BlobIndexCodec.HEADER] & 0xFF;
        int start = BlobIndexCodec.HEADER + 1;
        byte[] header = Arrays.copyOf(data, BlobIndexCodec.HEADER);
        byte[] spans = new byte[0];
        byte[] metadata = Arrays.copyOfRange(data, start, data.length);
        if (how % 2 == 0) {
            int end = Math.min(data.length, start + 2 * how);
            spans = Zstd.compress(Arrays.copyOfRange(data, start, end));
            byte[] plain = Arrays.copyOfRange(data, end, data.length);
            metadata = Zstd.compress(plain);
            ByteBuffer.wrap(header)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(40, plain.length)
                    .putLong(48, end - start)
                    .putInt(60, spans.length)
                    .putInt(64, metadata.length);
        }
        return ByteBuffer.allocate(header.length + spans.length + metadata.length)
                .put(header)
                .put(spans)
                .put(metadata)
                .flip();
    }
}
