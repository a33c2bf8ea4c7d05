package dev.sluice.mount;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How many layers there are of each format. Reads the record of a layer once. Safe for use by many threads. */
final class LayerCensus {
    private static final Logger log = LoggerFactory.getLogger(LayerCensus.class);
    private static final String UNKNOWN = "unknown";

    private final LayerStore store;
    /** A layer's format never changes. */
    private final Map<LayerId, String> formats = new ConcurrentHashMap<>();

    LayerCensus(LayerStore store) {
        this.store = store;
    }

    /** By the name of the format. */
    Map<String, Integer> count() throws IOException {
        List<LayerId> here = store.list();
        formats.keySet().retainAll(here);
        Map<String, Integer> counts = new TreeMap<>();
        for (LayerId id : here) {
            counts.merge(formats.computeIfAbsent(id, this::format), 1, Integer::sum);
        }
        return counts;
    }

    private String format(LayerId id) {
        try {
            return store.directory(id).readRecord().format();
        } catch (IOException e) {
            log.debug("Layer {} cannot be read", id.hex(), e);
            return UNKNOWN;
        }
    }
}
