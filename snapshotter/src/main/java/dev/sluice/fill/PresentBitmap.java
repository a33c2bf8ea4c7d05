package dev.sluice.fill;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicLong;

/**
 * One bit per page in a direct buffer, little-endian words of 64 bits. Safe for use by many threads without locks: whoever sees
 * a bit set sees what was written before it was set.
 */
public final class PresentBitmap {
    private static final VarHandle WORD = MethodHandles.byteBufferViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final ByteBuffer words;
    private final long pages;
    private final AtomicLong present = new AtomicLong();

    /**
     * @param words direct, at least {@link #bytesFor}{@code (pages)} bytes from index 0; its contents are taken as they are
     * @param pages how many bits count
     */
    public PresentBitmap(ByteBuffer words, long pages) {
        this.words = words;
        this.pages = pages;
        int last = (int) (pages >>> 6);
        // Bits beyond the end must never count.
        if ((pages & 63) != 0) {
            WORD.getAndBitwiseAnd(words, last * Long.BYTES, (1L << (pages & 63)) - 1);
        }
        long count = 0;
        for (int i = 0; i < wordCount(); i++) {
            count += Long.bitCount(word(i));
        }
        present.set(count);
    }

    /** Bytes that so many bits take, whole words. */
    public static int bytesFor(long pages) {
        return Math.toIntExact((pages + 63) / 64 * Long.BYTES);
    }

    /** How many bits are set. */
    public long count() {
        return present.get();
    }

    /** Whether the bits of the pages {@code [from, to)} are all set. */
    public boolean containsAll(long from, long to) {
        return firstAbsent(from) >= to;
    }

    /** The first page at or after {@code from} whose bit is clear; the number of pages if there is none. */
    public long firstAbsent(long from) {
        if (from >= pages) {
            return pages;
        }
        int i = (int) (from >>> 6);
        long absent = ~word(i) & (-1L << (from & 63));
        while (absent == 0) {
            if (++i == wordCount()) {
                return pages;
            }
            absent = ~word(i);
        }
        return Math.min(pages, ((long) i << 6) + Long.numberOfTrailingZeros(absent));
    }

    /** Sets the bits of the pages {@code [from, to)}. */
    public void set(long from, long to) {
        for (long page = from; page < to; ) {
            long mask = mask(page, to);
            long before = (long) WORD.getAndBitwiseOr(words, (int) (page >>> 6) * Long.BYTES, mask);
            present.addAndGet(Long.bitCount(mask & ~before));
            page += Long.bitCount(mask);
        }
    }

    void clear(long from, long to) {
        for (long page = from; page < to; ) {
            long mask = mask(page, to);
            retainInWord((int) (page >>> 6), ~mask);
            page += Long.bitCount(mask);
        }
    }

    /** Clears what is not set in {@code other}, the bytes of a bitmap of the same size. */
    void retain(ByteBuffer other) {
        ByteBuffer ordered = other.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < wordCount(); i++) {
            retainInWord(i, ordered.getLong(other.position() + i * Long.BYTES));
        }
    }

    /** Puts all words; each of them was in this state at some time during the call. */
    void copyTo(ByteBuffer out) {
        ByteOrder order = out.order();
        out.order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < wordCount(); i++) {
            out.putLong(word(i));
        }
        out.order(order);
    }

    private void retainInWord(int i, long mask) {
        long before = (long) WORD.getAndBitwiseAnd(words, i * Long.BYTES, mask);
        present.addAndGet(-Long.bitCount(before & ~mask));
    }

    private static long mask(long page, long to) {
        long count = Math.min(64 - (page & 63), to - page);
        return (count == 64 ? -1L : (1L << count) - 1) << (page & 63);
    }

    private long word(int i) {
        return (long) WORD.getAcquire(words, i * Long.BYTES);
    }

    private int wordCount() {
        return bytesFor(pages) / Long.BYTES;
    }
}
