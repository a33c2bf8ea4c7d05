package dev.sluice.fill;

import dev.sluice.layer.Blob;
import dev.sluice.layer.Decoder;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.SpanTable;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills data devices with verified bytes as they are asked for: one flight per span however many wait for it, merged range requests,
 * bounded threads and memory for all layers together. Threads are daemons and end when there is nothing to do. Safe for use by many
 * threads.
 */
public final class FillEngine implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FillEngine.class);

    /** Pages of 4096 bytes that wait in memory for their other half, over all layers. */
    private static final int MAX_EDGE_PAGES = 4096;

    private static final Duration MAX_CLOSE = Duration.ofSeconds(10);

    private final Decoders decoders;
    private final FillServices services;
    private final FillCounters counters = FillCounters.ofAllLayers();
    private final TransferEstimate estimate = TransferEstimate.initial();
    private final AtomicInteger edgePages = new AtomicInteger();
    private final Set<FilledLayer> layers = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /**
     * @param decoders all that span tables may name
     * @throws IllegalArgumentException if two of them have the same id
     */
    public FillEngine(FillOptions options, List<Decoder> decoders) {
        this(options, decoders, System::nanoTime);
    }

    FillEngine(FillOptions options, List<Decoder> decoders, LongSupplier nanoTime) {
        this.decoders = new Decoders(decoders);
        services = new FillServices(
                options,
                new FetchScheduler(options.fetchThreads(), options.idle(), flight -> flight.layer.plan(flight)),
                new DecodePool(options.decodeThreads(), options.idle()),
                new BufferPool(options.memory()),
                new StagingBuffers(options.decodeThreads()),
                new Checkpointer(options.checkpointInterval()),
                nanoTime);
    }

    /**
     * Makes a layer ready to be filled. Takes no thread and does no I/O.
     *
     * @param name the layer's digest, for messages and statistics
     * @param blob the compressed bytes
     * @param spans the layer's table
     * @param device to be filled; stays the caller's, who closes it after the returned object
     * @throws IllegalArgumentException if the device has not the size that the table names
     * @throws IllegalStateException if the engine is closed
     */
    public LayerFill open(String name, Blob blob, SpanTable spans, DataDevice device) {
        if (device.size() != spans.deviceSize()) {
            throw new IllegalArgumentException("device of layer " + name + " has " + device.size()
                    + " bytes, its span table says " + spans.deviceSize());
        }
        EdgePages edges = new EdgePages(spans, edgePages, MAX_EDGE_PAGES);
        SpanDecoder decoder = new SpanDecoder(name, spans, decoders);
        FilledLayer layer = new FilledLayer(
                name,
                blob,
                spans,
                device,
                edges,
                decoder,
                estimate.forOneBlob(),
                services,
                counters.ofOneLayer(),
                layers::remove);
        layers.add(layer);
        if (closed) {
            layer.close();
            throw new IllegalStateException("the fill engine is closed");
        }
        return layer;
    }

    /** What filling has come to, over all layers since the engine was made. */
    public FillStatistics statistics() {
        return counters.snapshot();
    }

    /** How long readers of all layers have waited since the engine was made. */
    public WaitTimes waitTimes() {
        return counters.waitTimes();
    }

    /**
     * Fails what still waits and breaks off all transfers. Takes ten seconds at most. The devices are not synced; closing them does
     * that.
     */
    @Override
    public void close() {
        closed = true;
        layers.forEach(FilledLayer::close);
        services.scheduler().close();
        services.decoding().close();
        boolean interrupted = false;
        try {
            long deadline = System.nanoTime() + MAX_CLOSE.toNanos();
            boolean ended = services.scheduler().awaitTermination(MAX_CLOSE);
            Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
            if (!(services.decoding().awaitTermination(left) && ended)) {
                LOG.warn("some transfers did not end in {}; they end alone", MAX_CLOSE);
            }
        } catch (InterruptedException e) {
            interrupted = true;
        }
        services.checkpointer().close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
