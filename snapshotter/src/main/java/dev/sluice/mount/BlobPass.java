package dev.sluice.mount;

import dev.sluice.layer.Blob;
import dev.sluice.layer.tar.Compression;
import dev.sluice.layer.tar.FileSink;
import dev.sluice.layer.tar.StreamDecoder;
import dev.sluice.layer.tar.TarIndex;
import dev.sluice.layer.tar.TarPass;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;

/** Reads a plain layer once, from the registry to its index. Safe for use by many threads. */
final class BlobPass {
    /** Transfers of one layer at once: one connection rarely gets all that a link can carry. */
    private static final int PARALLEL = 4;

    private final PlainSettings settings;
    private final Executor transfers;

    /** @param transfers runs what waits for the network */
    BlobPass(PlainSettings settings, Executor transfers) {
        this.settings = settings;
        this.transfers = transfers;
    }

    /**
     * Blocks until all of the layer was seen.
     *
     * @param files takes the contents of its files
     * @return what was found out, with both digests found right
     * @throws IOException if the blob cannot be had, is not what its digests say, or is no tar that can be mounted
     */
    TarIndex pass(LayerFetch.Task task, Blob.Source source, FileSink files) throws IOException {
        try (BlobStream stream = new BlobStream(task.blob(), source, transfers, PARALLEL, new AtomicLong())) {
            ByteBuffer part = stream.read();
            Compression compression = task.compression().of(part);
            try (StreamDecoder decoder = settings.decoders().open(compression, settings.spacing());
                    TarPass pass = new TarPass(
                            task.layer(), task.diffId().toString(), compression, decoder, files, settings.limits())) {
                while (part.hasRemaining()) {
                    pass.accept(part);
                    stream.release(part);
                    part = stream.read();
                }
                return pass.finish();
            }
        }
    }
}
