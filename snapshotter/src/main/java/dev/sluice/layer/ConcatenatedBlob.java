package dev.sluice.layer;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Blobs one behind the other, for layers whose data lie in several: the first byte of each follows the last one of the blob before.
 * Immutable, safe for use by many threads.
 */
public final class ConcatenatedBlob implements Blob {
    private final List<Blob> blobs;
    private final long size;

    /** @throws IllegalArgumentException if there is none, or all together have 2^63 bytes or more */
    public ConcatenatedBlob(List<Blob> blobs) {
        this.blobs = List.copyOf(blobs);
        long sum = 0;
        for (Blob blob : this.blobs) {
            if (blob.size() < 0 || blob.size() > Long.MAX_VALUE - sum) {
                throw new IllegalArgumentException("sizes of the blobs are wrong: " + blob.size() + " after " + sum);
            }
            sum += blob.size();
        }
        if (this.blobs.isEmpty()) {
            throw new IllegalArgumentException("there are no blobs");
        }
        size = sum;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
        if (offset < 0 || length < 1 || offset > size - length) {
            throw new IllegalArgumentException(length + " bytes at " + offset + " of " + size);
        }
        int blob = 0;
        long start = offset;
        while (start >= blobs.get(blob).size()) {
            start -= blobs.get(blob).size();
            blob++;
        }
        Blob first = blobs.get(blob);
        if (length <= first.size() - start) {
            return first.read(start, length, source);
        }
        return new Chain(blob, start, length, source);
    }

    /** Transfers one after the other. The next begins when its first byte is asked for. */
    private final class Chain implements ReadableByteChannel {
        private final Source source;
        private int next;
        private long left;
        private @Nullable ReadableByteChannel current;
        private boolean closed;

        Chain(int first, long start, long length, Source source) throws IOException {
            this.source = source;
            left = length;
            next = first;
            open(start);
        }

        private void open(long start) throws IOException {
            Blob blob = blobs.get(next++);
            long length = Math.min(left, blob.size() - start);
            if (length > 0) {
                ReadableByteChannel opened = blob.read(start, length, source);
                boolean late;
                synchronized (this) {
                    late = closed;
                    current = opened;
                }
                if (late) {
                    opened.close();
                    throw new ClosedChannelException();
                }
            }
            left -= length;
        }

        @Override
        public int read(ByteBuffer bytes) throws IOException {
            while (true) {
                ReadableByteChannel channel;
                synchronized (this) {
                    if (closed) {
                        throw new ClosedChannelException();
                    }
                    channel = current;
                }
                int count = channel == null ? -1 : channel.read(bytes);
                if (count >= 0) {
                    return count;
                }
                if (left == 0) {
                    return -1;
                }
                if (channel != null) {
                    channel.close();
                }
                open(0);
            }
        }

        @Override
        public synchronized boolean isOpen() {
            return !closed;
        }

        @Override
        public void close() throws IOException {
            ReadableByteChannel last;
            synchronized (this) {
                closed = true;
                last = current;
            }
            if (last != null) {
                last.close();
            }
        }
    }
}
