package dev.sluice.image;

import dev.sluice.registry.Digest;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Images that were parsed lately, by the digest of their manifest. Bounded by size. Safe for use by many threads. */
final class ImageCache {
    private final long maxBytes;
    private final Map<Digest, ParsedImage> byDigest = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    /** @param maxBytes how many bytes the manifests may have together */
    ImageCache(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    synchronized Optional<ParsedImage> get(Digest manifestDigest) {
        return Optional.ofNullable(byDigest.get(manifestDigest));
    }

    /** Those not used for the longest time go first. */
    synchronized void put(ParsedImage image) {
        ParsedImage replaced = byDigest.put(image.manifestDigest(), image);
        bytes += image.bytes() - (replaced == null ? 0 : replaced.bytes());
        Iterator<ParsedImage> eldest = byDigest.values().iterator();
        while (bytes > maxBytes) {
            bytes -= eldest.next().bytes();
            eldest.remove();
        }
    }
}
