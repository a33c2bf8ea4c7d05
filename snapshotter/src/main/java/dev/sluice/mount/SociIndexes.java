package dev.sluice.mount;

import dev.sluice.image.ResolvedImage;
import dev.sluice.index.IndexSearch;
import dev.sluice.index.SociFinder;
import dev.sluice.index.SociLayerRef;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.layer.soci.SociLayer;
import dev.sluice.layer.soci.SociLimits;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What soci has published of plain layers beside their image. Safe for use by many threads. */
final class SociIndexes {
    private static final Logger log = LoggerFactory.getLogger(SociIndexes.class);

    private final SociFinder finder;
    private final PlainLayerLimits limits;
    private final Duration timeout;

    /**
     * @param limits of a layer, and of what is held in memory
     * @param timeout for fetching one ztoc
     */
    SociIndexes(SociFinder finder, PlainLayerLimits limits, Duration timeout) {
        this.finder = finder;
        this.limits = limits;
        this.timeout = timeout;
    }

    /** The ztoc of one layer of an image, if the policy accepts one. It is fetched when it is read. */
    Optional<PublishedIndexes.Accepted> find(ResolvedImage image, LayerDescriptor layer) {
        IndexSearch search = finder.find(image);
        if (!(search instanceof IndexSearch.FoundSoci found)) {
            log.debug("Layer {} has no SOCI index: {}", layer.digest(), search);
            return Optional.empty();
        }
        return Optional.ofNullable(found.layers().get(Digest.parse(layer.digest())))
                .map(ref -> new PublishedIndexes.Accepted(
                        SociLayer.FORMAT,
                        ref.ztoc().digest().toString(),
                        ref.ztoc().size(),
                        found.voucher(),
                        false,
                        () -> read(ref, layer)));
    }

    private LayerIndex read(SociLayerRef ref, LayerDescriptor layer) throws IOException {
        return SociLayer.read(
                ByteBuffer.wrap(finder.ztoc(ref, limits.index(), timeout)),
                ref.ztoc().digest().toString(),
                layer,
                prefetch(ref),
                new SociLimits(limits.entries(), limits.names(), limits.device()));
    }

    /** Nothing is lost without it but time. */
    private Optional<byte[]> prefetch(SociLayerRef ref) {
        try {
            return finder.prefetch(ref, timeout);
        } catch (IOException e) {
            log.info("What layer {} wants at start is not known: {}", ref.layer(), e.getMessage());
            return Optional.empty();
        }
    }
}
