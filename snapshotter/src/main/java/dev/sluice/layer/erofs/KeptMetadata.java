package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsSource;
import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Those bytes of an image that tell its tree. Little-endian, of each run of bytes, by offset: offset in the image u64 | length u32 | bytes.
 * Safe for use by many threads.
 */
final class KeptMetadata implements ErofsSource {
    static final int RUN = 12;

    private final long size;
    /** By offset. */
    private final NavigableMap<Long, ByteBuffer> runs;

    private KeptMetadata(long size, NavigableMap<Long, ByteBuffer> runs) {
        this.size = size;
        this.runs = runs;
    }

    /**
     * @param bytes not copied
     * @param imageSize in bytes
     * @throws InvalidLayerException if runs are empty, overlap or lie outside of the image
     */
    static KeptMetadata of(byte[] bytes, long imageSize) throws InvalidLayerException {
        NavigableMap<Long, ByteBuffer> runs = new TreeMap<>();
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        long end = 0;
        while (in.hasRemaining()) {
            if (in.remaining() < RUN) {
                throw new InvalidLayerException("metadata of an index end within a run");
            }
            long offset = in.getLong();
            int length = in.getInt();
            if (length <= 0 || length > in.remaining() || offset < end || offset > imageSize - length) {
                throw new InvalidLayerException("run of metadata is out of range: " + length + " bytes at " + offset);
            }
            runs.put(offset, in.slice(in.position(), length));
            in.position(in.position() + length);
            end = offset + length;
        }
        return new KeptMetadata(imageSize, runs);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) throws ErofsException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        long at = offset;
        while (bytes.hasRemaining()) {
            Map.Entry<Long, ByteBuffer> run = runs.floorEntry(at);
            long before = run == null ? 0 : at - run.getKey();
            if (run == null || before >= run.getValue().capacity()) {
                throw new ErofsException("index does not have the byte " + at + " of its image");
            }
            int count = (int) Math.min(bytes.remaining(), run.getValue().capacity() - before);
            bytes.put(run.getValue().slice((int) before, count));
            at += count;
        }
        return bytes.flip();
    }
}
