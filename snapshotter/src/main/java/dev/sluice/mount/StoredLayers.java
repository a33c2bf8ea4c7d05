package dev.sluice.mount;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of the contents of layers on this node, whoever claims them. Safe for use by many threads. */
final class StoredLayers {
    private static final Logger log = LoggerFactory.getLogger(StoredLayers.class);

    private final LayerStore store;
    /** A layer's ID stands for its contents, so what was found once holds for ever. */
    private final Set<LayerId> verified = ConcurrentHashMap.newKeySet();

    StoredLayers(LayerStore store) {
        this.store = store;
    }

    /** Whether all bytes of a layer were found to have the diff ID that it is used for: then it is right for everybody who names that. */
    boolean isVerified(LayerId id) {
        if (verified.contains(id)) {
            return true;
        }
        try {
            boolean known = store.find(id).isPresent()
                    && !store.directory(id).readRecord().diffId().isEmpty();
            if (known) {
                verified.add(id);
            }
            return known;
        } catch (IOException e) {
            log.debug("Layer {} cannot be read", id.hex(), e);
            return false;
        }
    }
}
