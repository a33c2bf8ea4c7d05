package dev.sluice.mount;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * {@code layers/}: one directory per layer. A directory is made under a temporary name and renamed when it is whole, so whatever
 * has a layer's name is a whole layer. Safe for use by many threads.
 */
final class LayerStore {
    private static final String TEMPORARY = ".new-";
    private static final String DELETED = ".old-";

    private final Path root;

    /** Fills a new layer directory. */
    interface Filler {
        void fill(LayerDirectory directory) throws IOException;
    }

    private LayerStore(Path root) {
        this.root = root;
    }

    /**
     * Opens the store and deletes what a crash left half made or half deleted.
     *
     * @param root made if it is not there
     */
    static LayerStore open(Path root) throws IOException {
        Files.createDirectories(root);
        LayerStore store = new LayerStore(root);
        try (DirectoryStream<Path> leftovers =
                Files.newDirectoryStream(root, "{" + TEMPORARY + "*," + DELETED + "*}")) {
            for (Path leftover : leftovers) {
                deleteTree(leftover);
            }
        }
        return store;
    }

    /** Where the directories of all layers are. */
    Path root() {
        return root;
    }

    /** The layer's directory, if it is there and its record can be read. */
    Optional<LayerDirectory> find(LayerId id) throws IOException {
        LayerDirectory directory = directory(id);
        return Files.exists(directory.record()) ? Optional.of(directory) : Optional.empty();
    }

    /** Makes a layer's directory; if another thread was faster, its directory is taken and this one's thrown away. */
    LayerDirectory create(LayerId id, Filler filler) throws IOException {
        Path temporary = Files.createDirectory(root.resolve(TEMPORARY + UUID.randomUUID()));
        try {
            filler.fill(new LayerDirectory(temporary));
            LayerDirectory.sync(temporary);
            Files.move(temporary, directory(id).path(), StandardCopyOption.ATOMIC_MOVE);
            LayerDirectory.sync(root);
        } catch (IOException | RuntimeException e) {
            deleteTree(temporary);
            if (find(id).isEmpty()) {
                throw e;
            }
        }
        return directory(id);
    }

    /**
     * Changes the record of a layer that is there; after a crash there is the old one or the new one.
     *
     * @return the record as it is now
     */
    synchronized LayerRecord update(LayerId id, UnaryOperator<LayerRecord> change) throws IOException {
        LayerRecord old = directory(id).readRecord();
        LayerRecord changed = change.apply(old);
        if (!changed.equals(old)) {
            directory(id).writeRecord(changed);
        }
        return changed;
    }

    /**
     * Remembers who stands for the index of a layer that is there.
     *
     * @throws IOException also if they contradict those who were known
     */
    void vouch(LayerId id, Vouchers vouchers) throws IOException {
        try {
            update(id, record -> record.withVouchers(vouchers));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Takes a layer's directory out of the store; quick. What was there must still be {@link #deleteCondemned deleted}. */
    Optional<Path> condemn(LayerId id) throws IOException {
        if (!Files.exists(directory(id).path())) {
            return Optional.empty();
        }
        Path condemned = root.resolve(DELETED + UUID.randomUUID());
        Files.move(directory(id).path(), condemned, StandardCopyOption.ATOMIC_MOVE);
        return Optional.of(condemned);
    }

    /** Deletes what {@link #condemn} gave; after a crash the next start does. */
    void deleteCondemned(Path condemned) throws IOException {
        deleteTree(condemned);
    }

    /** All layers. */
    List<LayerId> list() throws IOException {
        List<LayerId> ids = new ArrayList<>();
        try (DirectoryStream<Path> directories = Files.newDirectoryStream(root, "[0-9a-f]*")) {
            for (Path directory : directories) {
                ids.add(new LayerId(directory.getFileName().toString()));
            }
        }
        return ids;
    }

    LayerDirectory directory(LayerId id) {
        return new LayerDirectory(root.resolve(id.hex()));
    }

    private static void deleteTree(Path tree) throws IOException {
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException problem) throws IOException {
                if (problem != null) {
                    throw problem;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
