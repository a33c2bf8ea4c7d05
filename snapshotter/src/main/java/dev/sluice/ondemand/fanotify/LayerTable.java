package dev.sluice.ondemand.fanotify;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Attached layers by the inode number of their data file. Immutable; looking one up makes no object. */
final class LayerTable {
    static final LayerTable EMPTY = new LayerTable(new ServedLayer[0]);

    private final ServedLayer[] layers;
    private final long[] inodes;

    private LayerTable(ServedLayer[] sorted) {
        layers = sorted;
        inodes = Arrays.stream(sorted).mapToLong(ServedLayer::inode).toArray();
    }

    /** Null if no such layer is attached. */
    @Nullable
    ServedLayer get(long inode) {
        int index = Arrays.binarySearch(inodes, inode);
        return index < 0 ? null : layers[index];
    }

    List<ServedLayer> all() {
        return List.of(layers);
    }

    /** @param layer of an inode that is not in this table */
    LayerTable with(ServedLayer layer) {
        return new LayerTable(Stream.concat(Arrays.stream(layers), Stream.of(layer))
                .sorted(Comparator.comparingLong(ServedLayer::inode))
                .toArray(ServedLayer[]::new));
    }

    LayerTable without(ServedLayer layer) {
        return new LayerTable(
                Arrays.stream(layers).filter(other -> other != layer).toArray(ServedLayer[]::new));
    }
}
