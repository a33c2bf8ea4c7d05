package dev.sluice.fill;

import dev.sluice.layer.Blob;
import dev.sluice.layer.SpanTable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs range requests of one layer: reads span after span into a buffer of its own and passes each on as soon as it is there. Safe for
 * use by many threads.
 */
final class Fetcher {
    private static final Logger LOG = LoggerFactory.getLogger(Fetcher.class);
    private static final byte[] NOTHING = {};

    private final FilledLayer layer;
    private final Blob blob;
    private final SpanTable table;
    private final SpanFiller filler;
    private final TransferEstimate estimate;
    private final FillServices services;
    private final FillCounters counters;

    Fetcher(
            FilledLayer layer,
            Blob blob,
            SpanTable table,
            SpanFiller filler,
            TransferEstimate estimate,
            FillServices services,
            FillCounters counters) {
        this.layer = layer;
        this.blob = blob;
        this.table = table;
        this.filler = filler;
        this.estimate = estimate;
        this.services = services;
        this.counters = counters;
    }

    /** Blocks until the request is over; failures go to those who wait. */
    void run(FetchRequest request) {
        Transfer transfer = new Transfer(request);
        try {
            transfer.run();
        } catch (IOException | CancellationException e) {
            layer.broken(request, transfer.next, transfer.begun, failure(request, e));
        } catch (RuntimeException e) {
            LOG.error("fetching for layer {} failed unexpectedly", layer.name(), e);
            layer.broken(request, transfer.next, false, failure(request, e));
        } catch (Error e) {
            layer.broken(request, transfer.next, false, failure(request, e));
            throw e;
        }
    }

    private IOException failure(FetchRequest request, Throwable cause) {
        return new IOException(
                "Tried to read [" + request.from + ", " + request.to + ") of the blob of layer " + layer.name()
                        + " but failed because: " + cause.getMessage(),
                cause);
    }

    /** One request on its way. */
    private final class Transfer {
        private final FetchRequest request;
        private int next;
        private boolean begun;
        private long position;
        private long bytes;
        private long nanos;
        /** The end of the span before, where the next one begins before it. */
        private byte[] carried = NOTHING;

        private Transfer(FetchRequest request) {
            this.request = request;
            this.position = request.from;
        }

        private void run() throws IOException {
            BufferPool.@Nullable Lease lease = acquire();
            try {
                counters.request();
                long start = System.nanoTime();
                try (ReadableByteChannel channel = request.open(blob)) {
                    estimate.firstByte(System.nanoTime() - start);
                    while (lease != null) {
                        Flight flight = request.flights.get(next);
                        ByteBuffer compressed = readSpan(channel, flight.span(), lease.compressed());
                        next++;
                        BufferPool.Lease full = lease;
                        lease = null;
                        layer.arrived(flight)
                                .ifPresentOrElse(
                                        priority -> filler.submit(flight, priority, compressed, full), full::close);
                        lease = next < request.flights.size() ? acquire() : null;
                    }
                }
            } finally {
                counters.fetched(bytes);
                estimate.transferred(bytes, nanos);
                if (lease != null) {
                    lease.close();
                }
            }
        }

        private BufferPool.Lease acquire() {
            int span = request.flights.get(next).span();
            return services.buffers()
                    .acquire(
                            (int) table.spanBlobLength(span),
                            SpanDecoder.isIdentity(table, span) ? 0 : table.spanDecodedLength(span),
                            request::priority,
                            request::abandoned);
        }

        private ByteBuffer readSpan(ReadableByteChannel channel, int span, ByteBuffer buffer) throws IOException {
            long offset = table.spanBlobOffset(span);
            int length = (int) table.spanBlobLength(span);
            while (position < offset) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), offset - position));
                readFully(channel, buffer);
            }
            buffer.clear().limit(length);
            buffer.put(carried);
            readFully(channel, buffer);
            buffer.flip();
            carried = overlap(span, buffer);
            return buffer;
        }

        /** The bytes of {@code buffer}, which ends at {@link #position}, that the next span has too. */
        private byte[] overlap(int span, ByteBuffer buffer) {
            long start = next + 1 < request.flights.size()
                    ? table.spanBlobOffset(request.flights.get(next + 1).span())
                    : position;
            if (start >= position) {
                return NOTHING;
            }
            byte[] shared = new byte[(int) (position - start)];
            buffer.get((int) (start - table.spanBlobOffset(span)), shared, 0, shared.length);
            return shared;
        }

        private void readFully(ReadableByteChannel channel, ByteBuffer buffer) throws IOException {
            while (buffer.hasRemaining()) {
                long start = System.nanoTime();
                int count = channel.read(buffer);
                nanos += System.nanoTime() - start;
                if (count < 0) {
                    throw new EOFException("the blob's source ended " + (request.to - position) + " bytes too early");
                }
                begun = true;
                bytes += count;
                position += count;
            }
        }
    }
}
