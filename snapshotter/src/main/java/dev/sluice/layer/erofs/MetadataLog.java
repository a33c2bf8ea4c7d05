package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsSource;
import dev.sluice.layer.InvalidLayerException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.BitSet;
import java.util.Map;
import java.util.TreeMap;

/** An image in a file; notes which of its bytes were read, for {@link KeptMetadata}. Not safe for use by many threads. */
final class MetadataLog implements ErofsSource {
    /** Bytes are noted in units of so many. */
    private static final int UNIT = 32;

    private static final int UNITS = 1 << 15;

    private final FileChannel image;
    private final long size;
    /** Units that were read, by the number of their region of 1 MiB. */
    private final Map<Long, BitSet> read = new TreeMap<>();

    /** @param size of the image, in bytes; the file has at least as many */
    MetadataLog(FileChannel image, long size) {
        this.image = image;
        this.size = size;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ByteBuffer read(long offset, int length) throws IOException {
        for (long unit = offset / UNIT; unit * UNIT < offset + length; unit++) {
            read.computeIfAbsent(unit / UNITS, region -> new BitSet()).set((int) (unit % UNITS));
        }
        return readUnnoticed(offset, length);
    }

    private ByteBuffer readUnnoticed(long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (image.read(bytes, offset + bytes.position()) < 0) {
                throw new ErofsException("image has been cut off while it was read");
            }
        }
        return bytes.flip();
    }

    /**
     * All bytes that were read, as {@link KeptMetadata} takes them.
     *
     * @param limit most bytes that this may come to
     */
    byte[] toBytes(long limit) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Map.Entry<Long, BitSet> region : read.entrySet()) {
            BitSet units = region.getValue();
            for (int from = units.nextSetBit(0); from >= 0; ) {
                int to = units.nextClearBit(from);
                long start = (region.getKey() * UNITS + from) * UNIT;
                int length = (int) (Math.min(size, (region.getKey() * UNITS + to) * UNIT) - start);
                if (out.size() + KeptMetadata.RUN + (long) length > limit) {
                    throw new InvalidLayerException("image has more than " + limit + " bytes of metadata");
                }
                out.writeBytes(ByteBuffer.allocate(KeptMetadata.RUN)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(start)
                        .putInt(length)
                        .array());
                out.writeBytes(readUnnoticed(start, length).array());
                from = units.nextSetBit(to);
            }
        }
        return out.toByteArray();
    }
}
