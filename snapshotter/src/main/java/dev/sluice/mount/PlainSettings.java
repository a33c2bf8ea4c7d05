package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexFinder;
import dev.sluice.index.LayerIndexBlob;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of plain layers.
 *
 * @param fetch whether they are fetched by us
 * @param patience how long {@link LazyLayers#acquire} waits for one
 * @param threads how many layers are fetched at once
 * @param decoders for what they are compressed with
 * @param spacing of the places from which such a layer can be decoded later, in decoded bytes
 * @param limits of what a layer may hold
 * @param indexBytes how much disk indexes may take, in bytes
 * @param published finds indexes that others have made; empty to use none
 * @param publishing takes what is found out about whole images; empty to keep it here
 * @param erofs mounts layers that came whole
 */
public record PlainSettings(
        boolean fetch,
        Duration patience,
        int threads,
        StreamDecoders decoders,
        long spacing,
        PlainLayerLimits limits,
        long indexBytes,
        Optional<IndexFinder> published,
        Optional<Publishing> publishing,
        ErofsMounter erofs) {
    /** Publishes indexes. */
    public interface Publishing {
        /** @return digest of what was published */
        Digest publish(ResolvedImage image, List<LayerIndexBlob> indexes) throws IOException;
    }

    public PlainSettings {
        requireNonNull(patience, "patience is null");
        requireNonNull(decoders, "decoders is null");
        requireNonNull(published, "published is null");
        requireNonNull(publishing, "publishing is null");
        requireNonNull(erofs, "erofs is null");
    }
}
