package dev.sluice.mount;

import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.PlainLayerLimits;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code indexes/}: what was found out about plain layers while they were fetched on this node, one file for each, named by the layer's
 * blob. They stay when the layer goes, so that it is lazy when it comes again; those that were used least recently go when there are too
 * many bytes of them. Safe for use by many threads.
 */
final class IndexStore {
    private static final Logger log = LoggerFactory.getLogger(IndexStore.class);

    private static final String SUFFIX = ".index";
    private static final String TEMPORARY = ".new-";
    private static final Duration LEFTOVER_AGE = Duration.ofHours(1);

    private final Path root;
    private final PlainLayerLimits limits;
    private final long maxBytes;

    private IndexStore(Path root, PlainLayerLimits limits, long maxBytes) {
        this.root = root;
        this.limits = limits;
        this.maxBytes = maxBytes;
    }

    /** Where it is in the directory of everything that Sluice keeps. */
    static Path below(Path root) {
        return root.resolve("indexes");
    }

    /**
     * @param root made if it is not there
     * @param limits of what a layer may hold
     * @param maxBytes that all indexes may take
     */
    static IndexStore open(Path root, PlainLayerLimits limits, long maxBytes) throws IOException {
        Files.createDirectories(root);
        return new IndexStore(root, limits, maxBytes);
    }

    /** Where indexes are; has room for more. */
    Path directory() {
        return root;
    }

    /**
     * Keeps an index.
     *
     * @return the digest of its bytes, {@code sha256:hex}
     */
    String put(BlobIndex index) throws IOException {
        byte[] bytes = index.toBytes();
        Path temporary = root.resolve(TEMPORARY + UUID.randomUUID());
        try {
            try (FileChannel channel =
                    FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer left = ByteBuffer.wrap(bytes);
                while (left.hasRemaining()) {
                    channel.write(left);
                }
                channel.force(true);
            }
            Files.move(temporary, file(index.blobDigest()), StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(temporary);
        }
        prune();
        return digest(bytes);
    }

    /**
     * An index that is here.
     *
     * @param bytes of its file; not to be changed
     */
    record Kept(BlobIndex index, byte[] bytes) {
        /** Of its bytes, {@code sha256:hex}. */
        String digest() {
            return IndexStore.digest(bytes);
        }
    }

    /** The index of a layer, if it is here and of use; one that is damaged is reported, and is as good as none. */
    Optional<Kept> find(LayerDescriptor layer, Digest diffId) {
        Path file = file(layer.digest());
        try {
            if (!Files.exists(file)) {
                return Optional.empty();
            }
            Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
            byte[] bytes = Files.readAllBytes(file);
            BlobIndex index = BlobIndexes.read(bytes, limits);
            return PlainLayers.isOf(index, layer, diffId) ? Optional.of(new Kept(index, bytes)) : Optional.empty();
        } catch (IOException e) {
            log.warn("The index of layer {} is of no use: {}", layer.digest(), e.getMessage());
            return Optional.empty();
        }
    }

    private static String digest(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(LayerId.sha256().digest(bytes));
    }

    private Path file(String blobDigest) {
        return root.resolve(blobDigest.replace(':', '-') + SUFFIX);
    }

    private synchronized void prune() throws IOException {
        dropLeftovers();
        record Used(Path file, long bytes, FileTime used) {}
        List<Used> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(root, "*" + SUFFIX)) {
            for (Path file : files) {
                all.add(new Used(file, Files.size(file), Files.getLastModifiedTime(file)));
            }
        }
        long bytes = all.stream().mapToLong(Used::bytes).sum();
        all.sort(Comparator.comparing(Used::used));
        for (Used oldest : all) {
            if (bytes <= maxBytes) {
                return;
            }
            log.info(
                    "Index {} goes, because all take more than {} bytes",
                    oldest.file().getFileName(),
                    maxBytes);
            Files.deleteIfExists(oldest.file());
            bytes -= oldest.bytes();
        }
    }

    /** What a crash left half written; younger ones may be somebody's who writes just now. */
    private void dropLeftovers() throws IOException {
        FileTime old = FileTime.from(Instant.now().minus(LEFTOVER_AGE));
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(root, TEMPORARY + "*")) {
            for (Path leftover : leftovers) {
                if (Files.exists(leftover)
                        && Files.getLastModifiedTime(leftover).compareTo(old) < 0) {
                    Files.deleteIfExists(leftover);
                }
            }
        }
    }
}
