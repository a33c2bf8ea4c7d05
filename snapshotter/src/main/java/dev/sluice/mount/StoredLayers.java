package dev.sluice.mount;

import dev.sluice.image.LayerClaim;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of the contents of layers on this node, whoever claims them. Safe for use by many threads. */
final class StoredLayers {
    private static final Logger log = LoggerFactory.getLogger(StoredLayers.class);

    /** Begin of the names of all formats of plain layers. */
    private static final String PLAIN = "tar";

    private final LayerStore store;
    /** A layer's ID stands for its contents, so what was found once holds for ever. */
    private final Set<LayerId> verified = ConcurrentHashMap.newKeySet();

    StoredLayers(LayerStore store) {
        this.store = store;
    }

    /**
     * Whether a layer is what an image means by it. If all its bytes were found to have the diff ID that it is used for, it is right for
     * everybody who names that. Else it must be made from the same blob, by an index that nobody but the image itself limits to another one.
     */
    boolean isMeantBy(LayerClaim claim, LayerId id) {
        if (verified.contains(id)) {
            return true;
        }
        try {
            if (store.find(id).isEmpty()) {
                return false;
            }
            LayerRecord record = store.directory(id).readRecord();
            if (!record.diffId().isEmpty()) {
                verified.add(id);
                return true;
            }
            return record.format().startsWith(PLAIN)
                    && record.layer().digest().equals(claim.layer().digest().toString())
                    && (record.claimedBy().isEmpty()
                            || record.claimedBy().equals(claim.manifestDigest().toString()));
        } catch (IOException e) {
            log.debug("Layer {} cannot be read", id.hex(), e);
            return false;
        }
    }
}
