package dev.sluice.layer.soci;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;

/** A tar that is not compressed, in spans of one size. Told by a FlatBuffer {@code {version: int, span_size: long, size: long}}. */
final class TarSpans implements ZtocSpans {
    private final long spanSize;
    private final long blobSize;
    private final int count;

    /**
     * @param info the FlatBuffer
     * @param blobSize where the last span ends
     */
    TarSpans(ByteBuffer info, long blobSize) throws InvalidLayerException {
        FlatTable table = new FlatBuffer(info).root();
        this.blobSize = blobSize;
        spanSize = table.number(1);
        long size = table.number(2);
        long spans = spanSize <= 0 ? 0 : (blobSize - 1) / spanSize + 1;
        if (size != blobSize || spans <= 0 || spans > Integer.MAX_VALUE) {
            throw new InvalidLayerException("ztoc has spans of " + spanSize + " bytes of a tar of " + size
                    + " bytes, the layer has " + blobSize);
        }
        count = (int) spans;
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public long blobOffset(int span) {
        return span * spanSize;
    }

    @Override
    public long blobEnd(int span) {
        return span + 1 < count ? (span + 1) * spanSize : blobSize;
    }

    @Override
    public long tarOffset(int span) {
        return blobOffset(span);
    }

    @Override
    public Decoder decoder() {
        return new IdentityDecoder();
    }

    @Override
    public byte[] auxiliary(int span) {
        return new byte[0];
    }
}
