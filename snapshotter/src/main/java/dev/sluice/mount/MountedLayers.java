package dev.sluice.mount;

import dev.sluice.fill.LayerFill;
import dev.sluice.image.ResolvedImage;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The layers that this process has open, and their mounts. Safe for use by many threads.
 *
 * <p>Opening, mounting and deleting of one layer exclude each other by the layer's lock; different layers do not wait for each other, and
 * no thread holds the locks of two. The order of locks: those of callers, then a layer's, then those of {@link LayerReferences}, {@link
 * LayerStore}, {@link BackgroundFill}, the fill engine and the backend. So none of these may ask for a layer with a lock of its own held; a
 * backend that does not know a layer asks for it by {@link #source} without. The lock of the map of layers is held for no longer than a
 * look-up.
 */
final class MountedLayers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(MountedLayers.class);

    private final LayerStore store;
    private final LayerReferences references;
    private final LayerOpener opener;
    private final MountPoints mountPoints;
    private final InheritedDirectories inheritedDirectories;
    private final Backend backend;

    /** Guarded by itself; values are guarded by their own lock. */
    private final Map<LayerId, Slot> slots = new HashMap<>();

    /** What this process holds of one layer. */
    private static final class Slot {
        private final ReentrantLock lock = new ReentrantLock();
        private final Map<MountKey, Path> mounts = new HashMap<>();
        private Optional<OpenLayer> layer = Optional.empty();
    }

    MountedLayers(
            LayerStore store,
            LayerReferences references,
            LayerOpener opener,
            MountPoints mountPoints,
            InheritedDirectories inheritedDirectories,
            Backend backend) {
        this.store = store;
        this.references = references;
        this.opener = opener;
        this.mountPoints = mountPoints;
        this.inheritedDirectories = inheritedDirectories;
        this.backend = backend;
    }

    /** What a backend may ask of them. */
    LayerSource source() {
        return new ForBackend();
    }

    /**
     * Mounts what fits over the layers below, and remembers one more repository that has the blob. The caller owns one reference.
     *
     * @param image where the blob was found
     * @param lowerDirectories the directories of the layers below, the topmost first
     * @throws IOException if it cannot be opened or mounted
     */
    MountKey mount(LayerId id, ResolvedImage image, List<Path> lowerDirectories) throws IOException {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            open(slot, id).addSource(image.reference().toString());
            return mounted(slot, id, lowerDirectories);
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * The same layer over other layers below; as {@link #mount} otherwise.
     *
     * @throws IOException if it cannot be opened or mounted
     */
    MountKey refit(LayerId id, List<Path> lowerDirectories) throws IOException {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            return mounted(slot, id, lowerDirectories);
        } finally {
            slot.lock.unlock();
        }
    }

    /** Mounts what fits; the caller owns one reference. Called with the lock of the slot held. */
    private MountKey mounted(Slot slot, LayerId id, List<Path> lowerDirectories) throws IOException {
        Optional<String> variant =
                inheritedDirectories.variant(store.directory(id), open(slot, id).layerRecord(), lowerDirectories);
        MountKey key = new MountKey(id, variant);
        mountedPath(slot, key);
        references.add(key, 1);
        return key;
    }

    /**
     * Where it is mounted; mounts it if it is not.
     *
     * @throws IOException if it cannot be opened or mounted
     */
    Path directory(MountKey key) throws IOException {
        Slot slot = slot(key.layer());
        slot.lock.lock();
        try {
            return mountedPath(slot, key);
        } finally {
            slot.lock.unlock();
        }
    }

    /**
     * Opens a layer that somebody refers to, so that it is completed in the background.
     *
     * @param closing asked with the layer's lock held, so that {@link #close} finds what was opened before
     */
    void attachIfUsed(LayerId id, BooleanSupplier closing) {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            if (references.isUsed(id) && !closing.getAsBoolean()) {
                open(slot, id).attach();
            }
        } catch (IOException e) {
            log.warn("Layer {} is not completed in the background: {}", id.hex(), e.getMessage());
        } finally {
            slot.lock.unlock();
        }
    }

    /** Unmounts what nobody refers to; closes and deletes the layer if nobody refers to any of its mounts. */
    void clean(LayerId id) throws IOException {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            for (Map.Entry<MountKey, Path> mount : List.copyOf(slot.mounts.entrySet())) {
                if (!references.isReferenced(mount.getKey())) {
                    mountPoints.unmount(mount.getValue());
                    slot.mounts.remove(mount.getKey());
                }
            }
            if (references.isUsed(id)) {
                return;
            }
            if (slot.layer.isPresent()) {
                slot.layer.get().close();
                slot.layer = Optional.empty();
            }
            Optional<Path> condemned = references.ifUnused(id, () -> store.condemn(id));
            if (condemned.isPresent()) {
                backend.discard(id.hex());
                store.deleteCondemned(condemned.get());
            }
        } finally {
            slot.lock.unlock();
        }
    }

    /** @throws IOException if it cannot be opened */
    LayerStatus status(LayerId id) throws IOException {
        Slot slot = slot(id);
        slot.lock.lock();
        try {
            return open(slot, id).status(references.count(id), List.copyOf(slot.mounts.values()));
        } finally {
            slot.lock.unlock();
        }
    }

    /** Closes all layers. Mounts stay: containers may be using them. */
    @Override
    public void close() throws IOException {
        List<Slot> all;
        synchronized (slots) {
            all = List.copyOf(slots.values());
        }
        for (Slot slot : all) {
            slot.lock.lock();
            try {
                if (slot.layer.isPresent()) {
                    slot.layer.get().close();
                    slot.layer = Optional.empty();
                }
            } finally {
                slot.lock.unlock();
            }
        }
    }

    private Path mountedPath(Slot slot, MountKey key) throws IOException {
        Path mounted = slot.mounts.get(key);
        if (mounted == null) {
            OpenLayer layer = open(slot, key.layer());
            mounted = mountPoints.mount(target -> layer.mount(key.variant(), target));
            slot.mounts.put(key, mounted);
        }
        return mounted;
    }

    private OpenLayer open(Slot slot, LayerId id) throws IOException {
        if (slot.layer.isEmpty()) {
            try {
                slot.layer = Optional.of(opener.open(id, store.directory(id)));
            } catch (IOException e) {
                throw new IOException(
                        "Tried to open layer " + store.directory(id).path() + " but failed because: " + e.getMessage()
                                + "; if it is damaged, remove its image and pull it again",
                        e);
            }
        }
        return slot.layer.get();
    }

    private final class ForBackend implements LayerSource {
        @Override
        public LayerFill open(String name) throws IOException {
            LayerId id = new LayerId(name);
            if (store.find(id).isEmpty()) {
                throw new NoSuchFileException(store.directory(id).path().toString());
            }
            Slot slot = slot(id);
            slot.lock.lock();
            try {
                return MountedLayers.this.open(slot, id).attach();
            } finally {
                slot.lock.unlock();
            }
        }

        @Override
        public List<String> names() throws IOException {
            return store.list().stream().map(LayerId::hex).toList();
        }

        @Override
        public LayerFiles files(String name) {
            return store.directory(new LayerId(name)).files();
        }
    }

    private Slot slot(LayerId id) {
        synchronized (slots) {
            return slots.computeIfAbsent(id, key -> new Slot());
        }
    }
}
