package dev.sluice.mount;

import dev.sluice.fill.DataDevice;
import dev.sluice.fill.FillEngine;
import dev.sluice.fill.LayerFill;
import dev.sluice.layer.Blob;
import dev.sluice.layer.SpanTable;
import dev.sluice.ondemand.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Opens layer directories. Needs no network: a source is asked when somebody reads. */
final class LayerOpener {
    private final LayerStore store;
    private final FillEngine engine;
    private final Backend backend;
    private final WholeLayers wholeLayers;
    private final LayerBuilder.BlobSource blobs;
    private final boolean prefetch;
    private final BackgroundFill background;

    /** @param wholeLayers opens the devices of layers that came whole */
    LayerOpener(
            LayerStore store,
            FillEngine engine,
            Backend backend,
            WholeLayers wholeLayers,
            LayerBuilder.BlobSource blobs,
            boolean prefetch,
            BackgroundFill background) {
        this.store = store;
        this.engine = engine;
        this.backend = backend;
        this.wholeLayers = wholeLayers;
        this.blobs = blobs;
        this.prefetch = prefetch;
        this.background = background;
    }

    /** @throws IOException if the directory is not there, of another version, or corrupt */
    OpenLayer open(LayerId id, LayerDirectory directory) throws IOException {
        LayerRecord record = directory.readRecord();
        SpanTable spans = SpanTable.map(directory.spans());
        if (spans.deviceSize() != record.deviceSize()) {
            throw new IOException("span table of " + record.layer().digest() + " is for a device of "
                    + spans.deviceSize() + " bytes, layer.json for one of " + record.deviceSize());
        }
        List<Blob> sources = new ArrayList<>();
        for (String source : record.sources()) {
            sources.add(blobs.openData(source, record));
        }
        LayerBlob blob = new LayerBlob(sources);
        Optional<DataDevice> local =
                record.whole() ? wholeLayers.open(directory.files(), record.deviceSize()) : Optional.empty();
        if (local.isEmpty() && record.whole() && spans.spanCount() == 0 && record.deviceSize() > 0) {
            throw new IOException("bytes of " + record.layer().digest()
                    + " are lost, and it is of a kind that can only be fetched as a whole");
        }
        DataDevice device =
                local.isPresent() ? local.get() : backend.openDevice(id.hex(), directory.files(), record.deviceSize());
        try {
            LayerFill fill = engine.open(record.layer().digest(), blob, spans, device);
            return new OpenLayer(
                    id,
                    store,
                    record,
                    blob,
                    blobs,
                    device,
                    fill,
                    backend,
                    prefetch,
                    background,
                    local.map(d -> wholeLayers.attached(directory.files())));
        } catch (RuntimeException e) {
            device.close();
            throw e;
        }
    }
}
