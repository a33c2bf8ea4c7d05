package dev.sluice.fill;

import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decodes, verifies and writes one span; runs on the decoding threads. Safe for use by many threads. */
final class SpanFiller {
    private static final Logger LOG = LoggerFactory.getLogger(SpanFiller.class);

    private final FilledLayer layer;
    private final SpanTable table;
    private final DataDevice device;
    private final EdgePages edges;
    private final SpanDecoder decoder;
    private final FillServices services;
    private final FillCounters counters;

    SpanFiller(
            FilledLayer layer,
            SpanTable table,
            DataDevice device,
            EdgePages edges,
            SpanDecoder decoder,
            FillServices services,
            FillCounters counters) {
        this.layer = layer;
        this.table = table;
        this.device = device;
        this.edges = edges;
        this.decoder = decoder;
        this.services = services;
        this.counters = counters;
    }

    /** Fills later; the lease is given back in any case. */
    void submit(Flight flight, Priority priority, ByteBuffer compressed, BufferPool.Lease lease) {
        services.decode(priority, () -> fill(flight, compressed, lease), lease::close);
    }

    private void fill(Flight flight, ByteBuffer compressed, BufferPool.Lease lease) {
        int span = flight.span();
        try (lease) {
            if (layer.isClosed()) {
                return;
            }
            ByteBuffer decoded = decoder.decode(span, compressed, lease.decoded());
            write(writer -> writer.write(span, decoded));
        } catch (DigestMismatchException e) {
            mismatch(flight, e);
            return;
        } catch (IOException e) {
            layer.finished(flight, e);
            return;
        } catch (RuntimeException | Error e) {
            layer.finished(flight, new IOException("Tried to fill " + decoder.describe(span) + " but failed", e));
            throw e;
        }
        layer.finished(flight, null);
    }

    void writeZeros(Flight flight) {
        long from = flight.zeroOffset();
        long to = Math.min(device.size(), from + Flight.ZERO_BLOCK);
        try {
            write(writer -> writer.writeZeros(from, to));
        } catch (IOException e) {
            layer.finished(flight, e);
            return;
        } catch (RuntimeException | Error e) {
            layer.finished(flight, new IOException("Tried to write zeros to layer " + layer.name() + " but failed", e));
            throw e;
        }
        layer.finished(flight, null);
    }

    private interface Writing {
        void run(PageWriter writer) throws IOException;
    }

    private void write(Writing writing) throws IOException {
        try (PageWriter writer = new PageWriter(table, device, edges, services.staging())) {
            try {
                writing.run(writer);
            } catch (IOException e) {
                throw new IOException(
                        "Tried to write to the data device of layer " + layer.name() + " but failed because: "
                                + e.getMessage(),
                        e);
            } finally {
                if (writer.written() > 0) {
                    counters.written(writer.written());
                    services.checkpointer().written(device);
                }
            }
        }
    }

    private void mismatch(Flight flight, DigestMismatchException error) {
        counters.mismatch();
        if (layer.fetchElsewhere(flight)) {
            LOG.warn("{}; fetching it once more, from another source if there is one", error.getMessage());
        } else {
            LOG.error("{}, again; nothing of it is written", error.getMessage());
            layer.finished(flight, error);
        }
    }
}
