package dev.sluice.layer.soci;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.Entry;
import dev.sluice.layer.GzipSpanDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Fuzzes ztocs, and what their spans decode to: first the length of a blob and a place, 2 bytes each, then the blob, then a ztoc of which
 * 32 KiB of zeros are left out at the place: so long is the first window, and so are the cases short.
 */
public final class ZtocFuzz {
    private static final SociLimits LIMITS = new SociLimits(1000, 1 << 16, 1 << 30);
    private static final int HEADER = 4;
    private static final int LONGEST = 1 << 20;

    private ZtocFuzz() {}

    /** Loads the reader of JSON, which under a fuzzer takes longer than an input may. */
    public static void fuzzerInitialize() {
        Objects.requireNonNull(PrefetchSpans.parse(new byte[] {'{', '}'}, 1));
    }

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < HEADER) {
            return;
        }
        ByteBuffer header = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
        int blobEnd = Math.min(data.length, HEADER + (header.getShort(0) & 0xFFFF));
        byte[] blob = Arrays.copyOfRange(data, HEADER, blobEnd);
        ByteBuffer ztoc = ztoc(Arrays.copyOfRange(data, blobEnd, data.length), header.getShort(2) & 0xFFFF);
        try {
            // Or a wrong size would be all that is found.
            long size = Math.max(0, new FlatBuffer(ztoc).root().number(2));
            LayerDescriptor layer = new LayerDescriptor("x", "sha256:blob", size, Map.of());
            decode(SociLayer.read(ztoc, "sha256:ztoc", layer, Optional.of(blob), LIMITS), blob);
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static ByteBuffer ztoc(byte[] bytes, int place) {
        if (place >= bytes.length) {
            return ByteBuffer.wrap(bytes);
        }
        return ByteBuffer.allocate(bytes.length + (32 << 10))
                .put(bytes, 0, place)
                .position(place + (32 << 10))
                .put(bytes, place, bytes.length - place)
                .flip();
    }

    private static void decode(LayerIndex index, byte[] blob) {
        SpanTable spans = index.spans();
        for (Entry entry : index.entries()) {
            if (entry instanceof Entry.RegularFile file
                    && file.size() > 0
                    && file.size() > spans.deviceSize() - file.deviceOffset()) {
                throw new AssertionError("a file lies outside of the device: " + file);
            }
        }
        for (int span = 0; span < spans.spanCount(); span++) {
            long end = spans.spanBlobOffset(span) + spans.spanBlobLength(span);
            if (end > blob.length || spans.spanDecodedLength(span) > LONGEST) {
                continue;
            }
            Decoder decoder =
                    spans.spanDecoder(span) == IdentityDecoder.ID ? new IdentityDecoder() : new GzipSpanDecoder();
            ByteBuffer compressed =
                    ByteBuffer.wrap(blob, (int) spans.spanBlobOffset(span), (int) spans.spanBlobLength(span));
            try {
                decoder.decode(
                        compressed, spans.spanAuxiliary(span), ByteBuffer.allocate(spans.spanDecodedLength(span)));
            } catch (IOException e) {
                Objects.requireNonNull(e.getMessage());
            }
        }
    }
}
