package dev.sluice.layer.nydus;

import dev.sluice.layer.LayerIndex;
import java.io.IOException;
import java.lang.ref.SoftReference;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What was read last, since every layer of an image asks for the same bootstrap, many of them at the same time. A failure is not kept:
 * the next one tries again. Safe for use by many threads.
 */
final class RecentIndexes {
    private static final int MAX = 4;

    private final Map<String, Slot> slots = new LinkedHashMap<>(MAX, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Slot> eldest) {
            return size() > MAX;
        }
    };

    /** Reads what is not here. */
    interface Loader {
        LayerIndex load() throws IOException;
    }

    private static final class Slot {
        final ReentrantLock lock = new ReentrantLock();
        SoftReference<LayerIndex> index = new SoftReference<>(null);
    }

    /** What is known by a digest; only one thread at a time reads it, and the others wait. */
    LayerIndex get(String digest, Loader loader) throws IOException {
        Slot slot;
        synchronized (slots) {
            slot = slots.computeIfAbsent(digest, unknown -> new Slot());
        }
        slot.lock.lock();
        try {
            @Nullable LayerIndex known = slot.index.get();
            if (known == null) {
                known = loader.load();
                slot.index = new SoftReference<>(known);
            }
            return known;
        } finally {
            slot.lock.unlock();
        }
    }
}
