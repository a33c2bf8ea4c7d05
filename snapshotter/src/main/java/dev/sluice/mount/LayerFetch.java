package dev.sluice.mount;

import dev.sluice.layer.Blob;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.DigestMismatchException;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerIndex;
import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches a plain layer: its blob comes in parallel ranges, is decoded as it comes, and its files go into the data device one after the
 * other. Nothing of it can be seen before the digest of the blob and the diff ID were found to be right. Safe for use by many threads.
 */
final class LayerFetch {
    private static final Logger log = LoggerFactory.getLogger(LayerFetch.class);

    private final BlobPass blobs;
    private final WholeLayers wholeLayers;
    private final IndexStore indexes;

    /**
     * What to fetch.
     *
     * @param source reference whose repository has the blob
     */
    record Task(LayerDescriptor layer, PlainType type, Digest diffId, String source, Blob blob) {}

    /** @param indexes keeps what is found out about the layer */
    LayerFetch(BlobPass blobs, WholeLayers wholeLayers, IndexStore indexes) {
        this.blobs = blobs;
        this.wholeLayers = wholeLayers;
        this.indexes = indexes;
    }

    /**
     * Fills the directory of a new layer. Blocks until all of it is here.
     *
     * @throws IOException if the blob cannot be had, is not what its digest and diff ID say, or is no tar that can be mounted
     */
    void run(Task task, LayerDirectory directory) throws IOException {
        long start = System.nanoTime();
        BlobIndex index;
        try {
            index = pass(task, directory, Blob.Source.ANY);
        } catch (InvalidLayerException | DigestMismatchException e) {
            boolean wouldBeTheSame = e instanceof DigestMismatchException mismatch && mismatch.blobIsRight();
            // The digests of EROFS are found right before it is read.
            if (wouldBeTheSame
                    || (e instanceof InvalidLayerException && task.type().content() == PlainType.Content.EROFS)) {
                throw e;
            }
            log.warn("Layer {} is fetched once more: {}", task.layer().digest(), e.getMessage());
            Files.deleteIfExists(directory.files().data());
            index = pass(task, directory, Blob.Source.OTHER);
        }
        String indexDigest = indexes.put(index);
        LayerIndex layerIndex = index.toLayerIndex(indexDigest);
        long size = layerIndex.spans().deviceSize();
        wholeLayers.complete(directory.files(), size, !index.isLazy());
        LayerBuilder.fill(directory, task.layer(), layerIndex, task.source(), Vouchers.verified(task.diffId()), true);
        log.info(
                "Layer {} of {} was fetched in {} ms: {} bytes, {} bytes of files",
                task.layer().digest(),
                task.source(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start),
                task.layer().size(),
                size);
    }

    private BlobIndex pass(Task task, LayerDirectory directory, Blob.Source source) throws IOException {
        try (DataFile data = DataFile.create(directory.files().data())) {
            BlobIndex index = blobs.pass(task, source, directory.path(), data);
            data.finish(index.deviceSize());
            return index;
        }
    }
}
