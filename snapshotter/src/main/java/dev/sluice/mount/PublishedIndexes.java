package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexFinder;
import dev.sluice.index.IndexSearch;
import dev.sluice.index.LayerIndexRef;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Indexes of plain layers that somebody has published beside their image: ours, or else SOCI's. Safe for use by many threads. */
final class PublishedIndexes {
    private static final Logger log = LoggerFactory.getLogger(PublishedIndexes.class);

    private final IndexFinder finder;
    private final PlainLayerLimits limits;
    private final Duration timeout;
    private final SociIndexes soci;

    /** @param timeout for fetching one index */
    PublishedIndexes(IndexFinder finder, PlainLayerLimits limits, Duration timeout) {
        this.finder = finder;
        this.limits = limits;
        this.timeout = timeout;
        soci = new SociIndexes(finder.soci(), limits, timeout);
    }

    /**
     * An index that may be used.
     *
     * @param format of the layer, as the index has it
     * @param digest of its bytes, {@code sha256:hex}
     * @param size of its bytes
     * @param hasDiffId whether it says what the diff ID of the layer is, and that is right
     */
    record Accepted(
            String format, String digest, long size, IndexSearch.Voucher voucher, boolean hasDiffId, Reader reader) {
        /** Reads an index. */
        interface Reader {
            LayerIndex read() throws IOException;
        }

        /** @throws IOException if the index is of no use after all */
        LayerIndex read() throws IOException {
            return reader.read();
        }
    }

    /** The index of one layer of an image, if the policy accepts one and it is what it says. Problems are logged, and are no failure. */
    Optional<Accepted> find(ResolvedImage image, LayerDescriptor layer, Digest diffId) {
        return own(image, layer, diffId).or(() -> soci.find(image, layer));
    }

    private Optional<Accepted> own(ResolvedImage image, LayerDescriptor layer, Digest diffId) {
        IndexSearch search = finder.find(image);
        if (!(search instanceof IndexSearch.Found found)) {
            log.debug("Layer {} has no published index: {}", layer.digest(), search);
            return Optional.empty();
        }
        Optional<LayerIndexRef> ref = found.layer(Digest.parse(layer.digest()));
        if (ref.isEmpty()) {
            return Optional.empty();
        }
        try {
            byte[] bytes = finder.fetch(ref.get(), timeout);
            BlobIndex index = BlobIndexes.read(bytes, limits);
            if (!index.isLazy() || !PlainLayers.isOf(index, layer, diffId)) {
                throw new IOException("it is the index of another layer, or of one that cannot be lazy");
            }
            String digest = ref.get().index().digest().toString();
            return Optional.of(new Accepted(
                    index.formatName(), digest, bytes.length, found.voucher(), true, () -> index.toLayerIndex(digest)));
        } catch (IOException e) {
            log.warn(
                    "The index of layer {} of {} in artifact {} is not used: {}",
                    layer.digest(),
                    image.reference(),
                    found.artifact(),
                    e.getMessage());
            return Optional.empty();
        }
    }
}
