package dev.sluice.mount;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.FillStatistics;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.Priority;
import dev.sluice.layer.DeviceRange;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.Backend.AttachedDevice;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A layer whose data device is open. Not safe for use by many threads: its owner holds the layer's lock. */
final class OpenLayer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpenLayer.class);

    private final LayerId id;
    private final LayerStore store;
    private final LayerDirectory directory;
    private final LayerBlob blob;
    private final LayerBuilder.BlobSource blobs;
    private final DataDevice device;
    private final LayerFill fill;
    private final Backend backend;
    private final boolean prefetch;
    private final BackgroundFill background;
    private LayerRecord record;
    private Optional<AttachedDevice> attached;

    /** @param local how to mount a layer that needs no backend, because its device is complete */
    OpenLayer(
            LayerId id,
            LayerStore store,
            LayerRecord record,
            LayerBlob blob,
            LayerBuilder.BlobSource blobs,
            DataDevice device,
            LayerFill fill,
            Backend backend,
            boolean prefetch,
            BackgroundFill background,
            Optional<AttachedDevice> local) {
        this.id = id;
        this.store = store;
        this.directory = store.directory(id);
        this.record = record;
        this.blob = blob;
        this.blobs = blobs;
        this.device = device;
        this.fill = fill;
        this.backend = backend;
        this.prefetch = prefetch;
        this.background = background;
        this.attached = local;
    }

    LayerRecord layerRecord() {
        return record;
    }

    /** What the backend asks to fill the device; the layer is attached to it. */
    LayerFill attach() throws IOException {
        attached();
        return fill;
    }

    /** Mounts one of the layer's metadata images. */
    void mount(Optional<String> variant, Path target) throws IOException {
        boolean first = attached.isEmpty();
        attached().mount(directory.metadata(variant), target);
        if (first && prefetch) {
            attached().onWritable(this::startPrefetch);
        }
    }

    private AttachedDevice attached() throws IOException {
        if (attached.isEmpty()) {
            attached = Optional.of(backend.attach(id.hex(), directory.files(), fill));
            AttachedDevice writable = attached.get();
            writable.onWritable(() -> background.add(record.layer().digest(), fill));
        }
        return attached.get();
    }

    /** Remembers that another repository has the blob. */
    void addSource(String source) throws IOException {
        if (record.sources().contains(source) || record.sources().size() >= LayerRecord.MAX_SOURCES) {
            return;
        }
        record = store.update(id, known -> known.withSource(source));
        blob.add(blobs.openData(source, record));
    }

    LayerStatus status(int references, List<Path> mounts) {
        FillStatistics statistics = fill.statistics();
        return new LayerStatus(
                record.layer().digest(),
                record.format(),
                record.sources(),
                record.layer().size(),
                device.size(),
                device.presentBytes(),
                statistics.bytesFetched(),
                statistics.requests(),
                statistics.mismatches(),
                references,
                mounts);
    }

    @Override
    public void close() throws IOException {
        background.remove(fill);
        try (DataDevice closeLast = device;
                LayerFill closeSecond = fill) {
            if (attached.isPresent()) {
                attached.get().close();
                attached = Optional.empty();
            }
        }
    }

    private void startPrefetch() {
        for (DeviceRange range : record.prefetch()) {
            var unused = fill.fill(range.offset(), range.length(), Priority.PREFETCH)
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            log.info(
                                    "prefetch of layer {} ended early: {}",
                                    record.layer().digest(),
                                    failure.getMessage());
                        }
                    });
        }
    }
}
