package dev.sluice.mount;

import dev.sluice.layer.tar.TarIndex;
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
    private final long maxBytes;

    private IndexStore(Path root, long maxBytes) {
        this.root = root;
        this.maxBytes = maxBytes;
    }

    /** Where it is in the directory of everything that Sluice keeps. */
    static Path below(Path root) {
        return root.resolve("indexes");
    }

    /**
     * @param root made if it is not there
     * @param maxBytes that all indexes may take
     */
    static IndexStore open(Path root, long maxBytes) throws IOException {
        Files.createDirectories(root);
        return new IndexStore(root, maxBytes);
    }

    /**
     * Keeps an index.
     *
     * @return the digest of its bytes, {@code sha256:hex}
     */
    String put(TarIndex index) throws IOException {
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

    /** The bytes of the index of a blob, if it is here. */
    Optional<byte[]> find(String blobDigest) throws IOException {
        Path file = file(blobDigest);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
        return Optional.of(Files.readAllBytes(file));
    }

    /** Forgets an index that turned out to be of no use. */
    void remove(String blobDigest) throws IOException {
        Files.deleteIfExists(file(blobDigest));
    }

    static String digest(byte[] bytes) {
        return "sha256:" + HexFormat.of().formatHex(LayerId.sha256().digest(bytes));
    }

    private Path file(String blobDigest) {
        return root.resolve(blobDigest.replace(':', '-') + SUFFIX);
    }

    private synchronized void prune() throws IOException {
        dropLeftovers();
        record Kept(Path file, long bytes, FileTime used) {}
        List<Kept> all = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(root, "*" + SUFFIX)) {
            for (Path file : files) {
                all.add(new Kept(file, Files.size(file), Files.getLastModifiedTime(file)));
            }
        }
        long bytes = all.stream().mapToLong(Kept::bytes).sum();
        all.sort(Comparator.comparing(Kept::used));
        for (Kept oldest : all) {
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
