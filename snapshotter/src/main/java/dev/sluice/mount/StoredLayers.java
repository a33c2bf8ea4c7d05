package dev.sluice.mount;

import dev.sluice.image.LayerClaim;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is known of the contents of layers on this node, whoever claims them. Safe for use by many threads. */
final class StoredLayers {
    private static final Logger log = LoggerFactory.getLogger(StoredLayers.class);

    private final LayerStore store;
    /** A layer's ID stands for its contents, so what was found once holds for ever. */
    private final Map<LayerId, String> verified = new ConcurrentHashMap<>();

    StoredLayers(LayerStore store) {
        this.store = store;
    }

    /**
     * Whether a layer is what an image means by it. If all its bytes were found to have the diff ID that it is used for, it is right for
     * everybody who names that. Else it must be made from the same blob, by an index that somebody stands for who counts for the image.
     */
    boolean isMeantBy(LayerClaim claim, LayerId id) {
        if (proof(claim.diffId().toString(), claim.layer().mediaType()).equals(verified.get(id))) {
            return true;
        }
        return record(id).filter(record -> isMeantBy(claim, record)).isPresent();
    }

    private static boolean isMeantBy(LayerClaim claim, LayerRecord record) {
        boolean blobIsIts =
                record.layer().digest().equals(claim.layer().digest().toString());
        boolean sameKind =
                isErofs(record.layer().mediaType()) == isErofs(claim.layer().mediaType());
        return sameKind && record.vouchers().standFor(claim.manifestDigest(), blobIsIts, claim.diffId());
    }

    /** The same bytes are another layer if they are taken for a tar than if they are taken for EROFS. */
    private static String proof(String diffId, String mediaType) {
        return isErofs(mediaType) ? diffId + " of EROFS" : diffId;
    }

    private static boolean isErofs(String mediaType) {
        return PlainType.ofMediaType(mediaType)
                .filter(type -> type.content() == PlainType.Content.EROFS)
                .isPresent();
    }

    /** Whether all bytes of a layer were found to have the diff ID that it is used for. */
    boolean isVerified(LayerId id) {
        return verified.containsKey(id)
                || record(id).filter(record -> !record.diffId().isEmpty()).isPresent();
    }

    /** Empty if there is no such layer that can be read. */
    Optional<LayerRecord> record(LayerId id) {
        try {
            if (store.find(id).isEmpty()) {
                return Optional.empty();
            }
            LayerRecord record = store.directory(id).readRecord();
            if (!record.diffId().isEmpty()) {
                verified.put(id, proof(record.diffId(), record.layer().mediaType()));
            }
            return Optional.of(record);
        } catch (IOException e) {
            log.debug("Layer {} cannot be read", id.hex(), e);
            return Optional.empty();
        }
    }
}
