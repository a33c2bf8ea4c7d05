package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Spans and extents of a layer, in a file that is mapped, so that a layer at rest costs no heap. Little-endian:
 *
 * <pre>
 * header, 64 bytes: magic "SLUICESP" | version u32 | spans u32 | extents u32 | reserved u32
 *                   | device size u64 | auxiliary bytes u64 | reserved | CRC32C of all the rest u32, at 60
 * spans,   80 bytes each: blob offset u64 | blob length u64 | decoded length u64 | auxiliary offset u64
 *                   | auxiliary length u32 | decoder u16 | flags u16 (1: digest) | first in "by span" u32 | extents u32
 *                   | SHA-256 of the compressed bytes
 * extents, 64 bytes each, by device offset: device offset u64 | offset in the decoded span u64 | length u64 | span u32
 *                   | flags u32 (1: digest, 2: it is BLAKE3, from version 2 on) | SHA-256 or BLAKE3 of the bytes
 * by span,  4 bytes each: extent u32, ordered by span and by offset in the span
 * auxiliary bytes
 * </pre>
 *
 * Made by {@link SpanTableBuilder}, which checks all rules. Immutable, safe for use by many threads. All offsets and lengths are
 * in bytes.
 */
public final class SpanTable {
    static final long MAGIC = 0x5053454349554C53L; // "SLUICESP"
    /** Of tables in which all digests are SHA-256. */
    static final int VERSION = 1;
    /** Of tables that have other digests, too. */
    static final int VERSION_WITH_BLAKE3 = 2;

    static final int HAS_DIGEST = 1;
    static final int IS_BLAKE3 = 2;
    static final int HEADER = 64;
    static final int CHECKSUM = 60;
    static final int SPAN = 80;
    static final int EXTENT = 64;
    /** Length of a digest, of either kind. */
    public static final int DIGEST = 32;

    private final ByteBuffer table;
    private final int spans;
    private final int extents;
    private final int extentsAt;
    private final int bySpanAt;
    private final int auxiliaryAt;

    SpanTable(ByteBuffer table) throws IOException {
        this.table = table.order(ByteOrder.LITTLE_ENDIAN);
        if (table.limit() < HEADER || table.getLong(0) != MAGIC) {
            throw new IOException("not a span table: wrong magic or shorter than its header");
        }
        if (table.getInt(8) != VERSION && table.getInt(8) != VERSION_WITH_BLAKE3) {
            throw new IOException("span table has version " + table.getInt(8) + ", expected " + VERSION + " or "
                    + VERSION_WITH_BLAKE3);
        }
        spans = table.getInt(12);
        extents = table.getInt(16);
        long auxiliary = table.getLong(32);
        long size = HEADER + (long) spans * SPAN + (long) extents * (EXTENT + 4) + auxiliary;
        if (spans < 0 || extents < 0 || auxiliary < 0 || size != table.limit()) {
            throw new IOException("span table is " + table.limit() + " bytes, expected " + size);
        }
        extentsAt = HEADER + spans * SPAN;
        bySpanAt = extentsAt + extents * EXTENT;
        auxiliaryAt = bySpanAt + extents * 4;
        if (checksum(table) != table.getInt(CHECKSUM)) {
            throw new IOException("span table is corrupt: checksum " + Integer.toHexString(checksum(table))
                    + ", expected " + Integer.toHexString(table.getInt(CHECKSUM)));
        }
    }

    /** CRC32C of all bytes but the checksum's own. */
    static int checksum(ByteBuffer table) {
        CRC32C crc = new CRC32C();
        crc.update(table.duplicate().position(0).limit(CHECKSUM));
        crc.update(table.duplicate().position(HEADER));
        return (int) crc.getValue();
    }

    /**
     * Maps a table that {@link #writeTo} wrote. The checksum and all rules are verified, which reads the file twice.
     *
     * @throws IOException if the file cannot be read, has another version or is corrupt
     */
    public static SpanTable map(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            return read(channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size()));
        } catch (IOException e) {
            throw new IOException("Tried to map " + file + " but failed because: " + e.getMessage(), e);
        }
    }

    /** @param file the bytes of a file, from index 0 to their limit */
    static SpanTable read(ByteBuffer file) throws IOException {
        SpanTable table = new SpanTable(file);
        SpanTableCheck.check(table);
        return table;
    }

    /** Writes the table to a new file and syncs it. */
    public void writeTo(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            ByteBuffer all = table.duplicate().position(0);
            while (all.hasRemaining()) {
                channel.write(all);
            }
            channel.force(true);
        }
    }

    /** Size of the data device, a multiple of 4096. */
    public long deviceSize() {
        return table.getLong(24);
    }

    public int spanCount() {
        return spans;
    }

    public int extentCount() {
        return extents;
    }

    public long spanBlobOffset(int span) {
        return table.getLong(spanAt(span));
    }

    public long spanBlobLength(int span) {
        return table.getLong(spanAt(span) + 8);
    }

    /** How many decoded bytes are wanted: up to the end of the last extent. */
    public int spanDecodedLength(int span) {
        return (int) rawSpanDecodedLength(span);
    }

    long rawSpanDecodedLength(int span) {
        return table.getLong(spanAt(span) + 16);
    }

    /** The auxiliary bytes of the span's decoder; read-only. */
    public ByteBuffer spanAuxiliary(int span) {
        int at = auxiliaryAt + (int) table.getLong(spanAt(span) + 24);
        return table.slice(at, table.getInt(spanAt(span) + 32)).asReadOnlyBuffer();
    }

    /** Whether the auxiliary bytes are within those of the table. */
    boolean hasAuxiliary(int span) {
        int all = table.limit() - auxiliaryAt;
        long offset = table.getLong(spanAt(span) + 24);
        int length = table.getInt(spanAt(span) + 32);
        return offset >= 0 && length >= 0 && offset <= all - length;
    }

    /** {@link Decoder#id}. */
    public int spanDecoder(int span) {
        return table.getShort(spanAt(span) + 36) & 0xFFFF;
    }

    /** Whether the compressed bytes have a digest. */
    public boolean spanHasDigest(int span) {
        return (table.getShort(spanAt(span) + 38) & 1) != 0;
    }

    /** Whether {@code digest}, 32 bytes of SHA-256, is that of the span's compressed bytes. */
    public boolean spanDigestIs(int span, byte[] digest) {
        return equalsAt(spanAt(span) + 48, digest);
    }

    /** How many extents the span fills. */
    public int spanExtentCount(int span) {
        return table.getInt(spanAt(span) + 44);
    }

    /** The {@code i}-th extent of a span, ordered by offset in the span. */
    public int spanExtent(int span, int i) {
        return table.getInt(bySpanAt + 4 * (spanFirst(span) + i));
    }

    /** Where the extents of a span begin among those that are ordered by span. */
    int spanFirst(int span) {
        return table.getInt(spanAt(span) + 40);
    }

    public long extentDeviceOffset(int extent) {
        return table.getLong(extentAt(extent));
    }

    /** Offset in the decoded bytes of the span. */
    public int extentSpanOffset(int extent) {
        return (int) rawExtentSpanOffset(extent);
    }

    long rawExtentSpanOffset(int extent) {
        return table.getLong(extentAt(extent) + 8);
    }

    public int extentLength(int extent) {
        return (int) rawExtentLength(extent);
    }

    long rawExtentLength(int extent) {
        return table.getLong(extentAt(extent) + 16);
    }

    public int extentSpan(int extent) {
        return table.getInt(extentAt(extent) + 24);
    }

    public boolean extentHasDigest(int extent) {
        return (table.getInt(extentAt(extent) + 28) & HAS_DIGEST) != 0;
    }

    /** Which digest it is that the extent has, if it has one. */
    public ExtentDigest.Kind extentDigestKind(int extent) {
        return (table.getInt(extentAt(extent) + 28) & IS_BLAKE3) != 0
                ? ExtentDigest.Kind.BLAKE3
                : ExtentDigest.Kind.SHA256;
    }

    /** Whether {@code digest}, 32 bytes of the extent's kind, is that of the extent's bytes. */
    public boolean extentDigestIs(int extent, byte[] digest) {
        return equalsAt(extentAt(extent) + 32, digest);
    }

    /**
     * The first extent, by device offset, that ends after {@code deviceOffset}; {@link #extentCount} if there is none. Extents do
     * not overlap, so those of a range are this one and its successors up to the first that begins at or after the range's end.
     */
    public int firstExtentEndingAfter(long deviceOffset) {
        int low = 0;
        int high = extents;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (extentDeviceOffset(middle) + extentLength(middle) > deviceOffset) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private boolean equalsAt(int at, byte[] digest) {
        return digest.length == DIGEST && table.slice(at, DIGEST).equals(ByteBuffer.wrap(digest));
    }

    private int spanAt(int span) {
        return HEADER + check(span, spans) * SPAN;
    }

    private int extentAt(int extent) {
        return extentsAt + check(extent, extents) * EXTENT;
    }

    private static int check(int index, int count) {
        if (index < 0 || index >= count) {
            throw new IndexOutOfBoundsException(index + " of " + count);
        }
        return index;
    }
}
