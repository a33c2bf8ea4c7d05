package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;

/** The data device of a layer, filled in full: every span decoded, every extent verified. */
public final class DecodedLayer {
    private final byte[] device;

    private DecodedLayer(byte[] device) {
        this.device = device;
    }

    public static DecodedLayer decode(LayerIndex index, byte[] blob, Decoders decoders) throws IOException {
        SpanTable spans = index.spans();
        byte[] device = new byte[Math.toIntExact(spans.deviceSize())];
        for (int span = 0; span < spans.spanCount(); span++) {
            ByteBuffer compressed =
                    ByteBuffer.wrap(blob, (int) spans.spanBlobOffset(span), (int) spans.spanBlobLength(span));
            ByteBuffer decoded = ByteBuffer.allocate(spans.spanDecodedLength(span));
            decoders.get(spans.spanDecoder(span)).decode(compressed, spans.spanAuxiliary(span), decoded);
            for (int i = 0; i < spans.spanExtentCount(span); i++) {
                int extent = spans.spanExtent(span, i);
                int from = spans.extentSpanOffset(extent);
                byte[] bytes = Arrays.copyOfRange(decoded.array(), from, from + spans.extentLength(extent));
                byte[] digest = spans.extentDigestKind(extent) == ExtentDigest.Kind.BLAKE3
                        ? Blake3.digest(ByteBuffer.wrap(bytes))
                        : sha256(bytes);
                assertThat(spans.extentDigestIs(extent, digest))
                        .as("digest of extent %d", extent)
                        .isTrue();
                System.arraycopy(bytes, 0, device, (int) spans.extentDeviceOffset(extent), bytes.length);
            }
        }
        return new DecodedLayer(device);
    }

    public byte[] contents(Entry.RegularFile file) {
        int from = (int) file.deviceOffset();
        return Arrays.copyOfRange(device, from, from + (int) file.size());
    }

    public static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
