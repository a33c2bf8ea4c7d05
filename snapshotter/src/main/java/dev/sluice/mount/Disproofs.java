package dev.sluice.mount;

import dev.sluice.image.LayerClaim;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Blobs that were seen in full and do not have the diff ID that an image claims for them, since this process began. Bounded; who was forgotten is
 * looked at again. Safe for use by many threads.
 */
final class Disproofs {
    private static final int MAX = 4096;

    private final Set<LayerId> known = Collections.synchronizedSet(Collections.newSetFromMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<LayerId, Boolean> eldest) {
            return size() > MAX;
        }
    }));

    void add(LayerClaim claim) {
        known.add(id(claim));
    }

    /** Whether the image of this claim is known to lie. */
    boolean contains(LayerClaim claim) {
        return known.contains(id(claim));
    }

    private static LayerId id(LayerClaim claim) {
        return LayerId.ofPlain(claim.layer().digest().toString(), claim.diffId().toString());
    }
}
