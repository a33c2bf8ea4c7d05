package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexFinder;
import dev.sluice.index.IndexSearch;
import dev.sluice.index.LayerIndexRef;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.tar.TarIndex;
import dev.sluice.layer.tar.TarLimits;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Indexes of plain layers that somebody has published beside their image. Safe for use by many threads. */
final class PublishedIndexes {
    private static final Logger log = LoggerFactory.getLogger(PublishedIndexes.class);

    private final IndexFinder finder;
    private final TarLimits limits;
    private final Duration timeout;

    /** @param timeout for fetching one index */
    PublishedIndexes(IndexFinder finder, TarLimits limits, Duration timeout) {
        this.finder = finder;
        this.limits = limits;
        this.timeout = timeout;
    }

    /**
     * An index that may be used.
     *
     * @param digest of its bytes, {@code sha256:hex}
     */
    record Accepted(TarIndex index, String digest, IndexSearch.Voucher voucher) {}

    /** The index of one layer of an image, if the policy accepts one and it is what it says. Problems are logged, and are no failure. */
    Optional<Accepted> find(ResolvedImage image, LayerDescriptor layer, Digest diffId) {
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
            TarIndex index = TarIndex.read(ByteBuffer.wrap(finder.fetch(ref.get(), timeout)), limits);
            if (!index.isLazy() || !PlainLayers.isOf(index, layer, diffId)) {
                throw new IOException("it is the index of another layer, or of one that cannot be lazy");
            }
            return Optional.of(new Accepted(index, ref.get().index().digest().toString(), found.voucher()));
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
