package dev.sluice.fill;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ReadableByteChannel;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A blob in memory that remembers what it was asked for, and behaves as a script says. */
final class ScriptedBlob implements Blob {
    private final byte[] bytes;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Script script = request -> request.bytes();

    /** What happens when a range is asked for. */
    interface Script {
        ReadableByteChannel open(Request request) throws IOException;
    }

    /** A request for {@code [offset, offset + length)}. */
    final class Request {
        private final long offset;
        private final int length;
        private final Source source;

        private Request(long offset, long length, Source source) {
            this.offset = offset;
            this.length = Math.toIntExact(length);
            this.source = source;
        }

        long offset() {
            return offset;
        }

        int length() {
            return length;
        }

        Source source() {
            return source;
        }

        boolean covers(long position) {
            return offset <= position && position < offset + length;
        }

        /** The right bytes. */
        ReadableByteChannel bytes() {
            return new BytesChannel(copy());
        }

        /** The right bytes except for one, if that is in the range. */
        ReadableByteChannel withWrongByte(long position) {
            byte[] wrong = copy();
            if (covers(position)) {
                wrong[(int) (position - offset)] ^= 1;
            }
            return new BytesChannel(wrong);
        }

        /** The right bytes, but those from {@code position} on come only when the gate opens. */
        ReadableByteChannel upTo(long position, CountDownLatch gate) {
            return new BytesChannel(copy()) {
                @Override
                void beforeRead(int at) throws IOException {
                    if (offset + at >= position) {
                        await(gate);
                    }
                }

                @Override
                int most(int at) {
                    return offset + at < position ? (int) (position - offset) - at : Integer.MAX_VALUE;
                }
            };
        }

        /** The right bytes up to a position, then an exception. */
        ReadableByteChannel breakingAt(long position) {
            return new BytesChannel(copy()) {
                @Override
                void beforeRead(int at) throws IOException {
                    if (offset + at >= position) {
                        throw new IOException("connection reset by a script");
                    }
                }

                @Override
                int most(int at) {
                    return (int) Math.max(1, position - offset - at);
                }
            };
        }

        private byte[] copy() {
            return Arrays.copyOfRange(bytes, (int) offset, (int) offset + length);
        }

        @Override
        public String toString() {
            return "[" + offset + ", " + (offset + length) + ") " + source;
        }
    }

    ScriptedBlob(byte[] bytes) {
        this.bytes = bytes;
    }

    void script(Script newScript) {
        script = newScript;
    }

    List<Request> requests() {
        return requests;
    }

    @Override
    public long size() {
        return bytes.length;
    }

    @Override
    public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
        if (offset < 0 || length < 1 || offset + length > bytes.length) {
            throw new IllegalArgumentException("outside of the blob: " + length + " bytes at " + offset);
        }
        Request request = new Request(offset, length, source);
        requests.add(request);
        return script.open(request);
    }

    /** Waits for a gate; an interruption or a closed channel ends the wait as a broken transfer does. */
    static void await(CountDownLatch gate) throws IOException {
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }

    /** Delivers bytes in pieces; closing it wakes a reader that waits. */
    static class BytesChannel implements ReadableByteChannel {
        private final byte[] bytes;
        private final CountDownLatch closed = new CountDownLatch(1);
        private int at;

        BytesChannel(byte[] bytes) {
            this.bytes = bytes;
        }

        void beforeRead(int position) throws IOException {}

        int most(int position) {
            return 10_000;
        }

        /** Waits until somebody closes the channel. */
        final void awaitClose() throws IOException {
            ScriptedBlob.await(closed);
            throw new ClosedChannelException();
        }

        @Override
        public int read(ByteBuffer into) throws IOException {
            beforeRead(at);
            if (!isOpen()) {
                throw new ClosedChannelException();
            }
            if (at == bytes.length) {
                return -1;
            }
            int count = Math.min(Math.min(into.remaining(), most(at)), bytes.length - at);
            into.put(bytes, at, count);
            at += count;
            return count;
        }

        @Override
        public boolean isOpen() {
            return closed.getCount() > 0;
        }

        @Override
        public void close() {
            closed.countDown();
        }
    }
}
