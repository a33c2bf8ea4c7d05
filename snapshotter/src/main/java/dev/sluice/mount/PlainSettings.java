package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.layer.tar.TarLimits;
import dev.sluice.ondemand.ErofsMounter;
import java.time.Duration;

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
 * @param erofs mounts layers that came whole
 */
public record PlainSettings(
        boolean fetch,
        Duration patience,
        int threads,
        StreamDecoders decoders,
        long spacing,
        TarLimits limits,
        long indexBytes,
        ErofsMounter erofs) {
    public PlainSettings {
        requireNonNull(patience, "patience is null");
        requireNonNull(decoders, "decoders is null");
        requireNonNull(erofs, "erofs is null");
    }
}
