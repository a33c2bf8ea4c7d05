package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Collects spans and extents in any order, checks them, and makes a {@link SpanTable}. Not safe for use by many threads.
 *
 * <p>The rules: ranges lie inside the blob, the span and the device; extents do not overlap in the device; an extent that neither
 * its own digest nor its span's covers is refused; a span wants at most {@link #MAX_DECODED} decoded bytes, because they are held
 * in memory until they are verified.
 */
public final class SpanTableBuilder {
    /** Most decoded bytes of one span. */
    public static final int MAX_DECODED = 64 << 20;
    /** Most compressed bytes of one span. */
    public static final int MAX_COMPRESSED = 72 << 20;

    static final long MAX_DEVICE = 1L << 44;

    private static final byte[] NO_DIGEST = new byte[SpanTable.DIGEST];

    private final long blobSize;
    private final Records spans = new Records(SpanTable.SPAN);
    private final Records extents = new Records(SpanTable.EXTENT);
    private final List<byte[]> auxiliaries = new ArrayList<>();
    private long auxiliary;
    private long lastDeviceOffset;
    private boolean isSorted = true;
    private int version = SpanTable.VERSION;

    /** @param blobSize in bytes */
    public SpanTableBuilder(long blobSize) {
        this.blobSize = blobSize;
    }

    /**
     * Adds a range of the blob.
     *
     * @param digest SHA-256 of these compressed bytes, 32 bytes, where known
     * @return the span's index
     * @throws InvalidLayerException if the range is empty, too long or outside of the blob
     */
    public int addSpan(
            long blobOffset, long blobLength, Decoder decoder, byte[] auxiliaryBytes, Optional<byte[]> digest)
            throws InvalidLayerException {
        return addSpan(blobOffset, blobLength, decoder.id(), auxiliaryBytes, digest);
    }

    /**
     * Adds a range of the blob.
     *
     * @param decoderId {@link Decoder#id}
     * @param digest SHA-256 of these compressed bytes, 32 bytes, where known
     * @return the span's index
     * @throws InvalidLayerException if the range is empty, too long or outside of the blob
     */
    public int addSpan(long blobOffset, long blobLength, int decoderId, byte[] auxiliaryBytes, Optional<byte[]> digest)
            throws InvalidLayerException {
        if (blobOffset < 0 || blobLength <= 0 || blobLength > MAX_COMPRESSED || blobOffset > blobSize - blobLength) {
            throw new InvalidLayerException("span of " + blobLength + " bytes at " + blobOffset
                    + " is empty, too long or outside of a blob of " + blobSize + " bytes");
        }
        checkDigest(digest);
        int span = spans.add();
        ByteBuffer page = spans.page(span);
        int at = spans.at(span);
        page.putLong(at, blobOffset).putLong(at + 8, blobLength).putLong(at + 24, auxiliary);
        page.putInt(at + 32, auxiliaryBytes.length).putShort(at + 36, (short) decoderId);
        page.putShort(at + 38, (short) (digest.isPresent() ? 1 : 0)).put(at + 48, digest.orElse(NO_DIGEST));
        if (auxiliaryBytes.length > 0) {
            auxiliaries.add(auxiliaryBytes);
            auxiliary += auxiliaryBytes.length;
        }
        return span;
    }

    /**
     * Adds a range of the data device.
     *
     * @param digest SHA-256 of these bytes, 32 bytes, where known
     * @throws InvalidLayerException if the range is empty, outside of what a span may hold, or covered by no digest
     */
    public void addExtent(int span, long spanOffset, long length, long deviceOffset, Optional<byte[]> digest)
            throws InvalidLayerException {
        addExtent(span, spanOffset, length, deviceOffset, digest, SpanTable.HAS_DIGEST);
    }

    /**
     * Adds a range of the data device.
     *
     * @param digest of these bytes
     * @throws InvalidLayerException if the range is empty, or outside of what a span may hold
     */
    public void addExtent(int span, long spanOffset, long length, long deviceOffset, ExtentDigest digest)
            throws InvalidLayerException {
        int kind = digest.kind() == ExtentDigest.Kind.BLAKE3 ? SpanTable.IS_BLAKE3 : 0;
        addExtent(span, spanOffset, length, deviceOffset, Optional.of(digest.value()), SpanTable.HAS_DIGEST | kind);
        if (kind != 0) {
            version = SpanTable.VERSION_WITH_BLAKE3;
        }
    }

    private void addExtent(
            int span, long spanOffset, long length, long deviceOffset, Optional<byte[]> digest, int flags)
            throws InvalidLayerException {
        if (length <= 0 || spanOffset < 0 || length > MAX_DECODED || spanOffset > MAX_DECODED - length) {
            throw new InvalidLayerException("extent of " + length + " bytes at " + spanOffset
                    + " of its span is empty or longer than the " + MAX_DECODED + " bytes that a span may hold");
        }
        if (deviceOffset < 0 || deviceOffset > MAX_DEVICE - length) {
            throw new InvalidLayerException("extent lies outside of the data device: " + deviceOffset);
        }
        checkDigest(digest);
        ByteBuffer spanPage = spans.page(span);
        int spanAt = spans.at(span);
        if (digest.isEmpty() && spanPage.getShort(spanAt + 38) == 0) {
            throw new InvalidLayerException("extent at " + deviceOffset + " is covered by no digest");
        }
        int extent = extents.add();
        ByteBuffer page = extents.page(extent);
        int at = extents.at(extent);
        page.putLong(at, deviceOffset).putLong(at + 8, spanOffset).putLong(at + 16, length);
        page.putInt(at + 24, span)
                .putInt(at + 28, digest.isPresent() ? flags : 0)
                .put(at + 32, digest.orElse(NO_DIGEST));
        spanPage.putLong(spanAt + 16, Math.max(spanPage.getLong(spanAt + 16), spanOffset + length));
        spanPage.putInt(spanAt + 44, spanPage.getInt(spanAt + 44) + 1);
        isSorted &= deviceOffset >= lastDeviceOffset;
        lastDeviceOffset = deviceOffset;
    }

    /**
     * Makes the table.
     *
     * @param deviceSize in bytes, a multiple of 4096
     * @throws InvalidLayerException if extents overlap or reach beyond the device, or the table would pass 2 GiB
     */
    public SpanTable build(long deviceSize) throws InvalidLayerException {
        if (deviceSize < 0 || deviceSize % 4096 != 0 || deviceSize > MAX_DEVICE) {
            throw new InvalidLayerException("size of the data device is wrong: " + deviceSize);
        }
        int[] order = deviceOrder();
        checkOrder(order, deviceSize);

        long size = SpanTable.HEADER
                + (long) spans.count() * SpanTable.SPAN
                + (long) order.length * (SpanTable.EXTENT + 4)
                + auxiliary;
        if (size > Integer.MAX_VALUE) {
            throw new InvalidLayerException("span table would need " + size + " bytes");
        }
        ByteBuffer out = ByteBuffer.allocate((int) size).order(ByteOrder.LITTLE_ENDIAN);
        out.position(SpanTable.HEADER);
        int first = 0;
        for (int span = 0; span < spans.count(); span++) {
            spans.page(span).putInt(spans.at(span) + 40, first);
            first += spans.page(span).getInt(spans.at(span) + 44);
            spans.copy(span, out);
        }
        for (int extent : order) {
            extents.copy(extent, out);
        }
        for (int extent : bySpan(order)) {
            out.putInt(extent);
        }
        auxiliaries.forEach(out::put);
        out.putLong(0, SpanTable.MAGIC).putInt(8, version);
        out.putInt(12, spans.count()).putInt(16, order.length);
        out.putLong(24, deviceSize).putLong(32, auxiliary);
        out.putInt(SpanTable.CHECKSUM, SpanTable.checksum(out));
        try {
            return new SpanTable(out.flip());
        } catch (IOException e) {
            throw new IllegalStateException("a span table just built does not read back", e);
        }
    }

    private int[] deviceOrder() {
        IntStream all = IntStream.range(0, extents.count());
        return isSorted
                ? all.toArray()
                : all.boxed()
                        .sorted(Comparator.comparingLong(this::deviceOffset))
                        .mapToInt(Integer::intValue)
                        .toArray();
    }

    /** Places in {@code order}, ordered by span and by offset in the span. */
    private int[] bySpan(int[] order) {
        int[] next = new int[spans.count()];
        for (int span = 0; span < next.length; span++) {
            next[span] = spans.page(span).getInt(spans.at(span) + 40);
        }
        // Both fit: offsets in a span are below 2^26, places below 2^31.
        long[] keys = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            ByteBuffer page = extents.page(order[i]);
            int at = extents.at(order[i]);
            keys[next[page.getInt(at + 24)]++] = page.getLong(at + 8) << 32 | i;
        }
        int start = 0;
        for (int end : next) {
            Arrays.sort(keys, start, end);
            start = end;
        }
        int[] bySpan = new int[order.length];
        Arrays.setAll(bySpan, i -> (int) keys[i]);
        return bySpan;
    }

    private long deviceOffset(int extent) {
        return extents.page(extent).getLong(extents.at(extent));
    }

    private void checkOrder(int[] order, long deviceSize) throws InvalidLayerException {
        long end = 0;
        for (int extent : order) {
            if (deviceOffset(extent) < end) {
                throw new InvalidLayerException("extents overlap in the data device at " + deviceOffset(extent));
            }
            end = deviceOffset(extent) + extents.page(extent).getLong(extents.at(extent) + 16);
        }
        if (end > deviceSize) {
            throw new InvalidLayerException("extents end at " + end + ", beyond a data device of " + deviceSize);
        }
    }

    private static void checkDigest(Optional<byte[]> digest) {
        if (digest.isPresent() && digest.get().length != SpanTable.DIGEST) {
            throw new IllegalArgumentException("a SHA-256 digest has 32 bytes, not " + digest.get().length);
        }
    }
}
