package dev.sluice.mount;

import dev.sluice.layer.Blob;
import dev.sluice.layer.BlobIndex;
import dev.sluice.layer.FileSink;
import dev.sluice.layer.erofs.ErofsPass;
import dev.sluice.layer.tar.Compression;
import dev.sluice.layer.tar.StreamDecoder;
import dev.sluice.layer.tar.TarPass;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
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
     * @param scratch directory for a file that is needed meanwhile
     * @param files takes the contents of its files
     * @return what was found out, with both digests found right
     * @throws IOException if the blob cannot be had, is not what its digests say, or is no layer that can be mounted
     */
    BlobIndex pass(LayerFetch.Task task, Blob.Source source, Path scratch, FileSink files) throws IOException {
        try (BlobStream stream = new BlobStream(task.blob(), source, transfers, PARALLEL, new AtomicLong())) {
            ByteBuffer first = stream.read();
            Compression compression = task.type().compression().of(first);
            StreamDecoder decoder = settings.decoders().open(compression, settings.spacing());
            return switch (task.type().content()) {
                case TAR -> tar(task, stream, first, compression, decoder, files);
                case EROFS -> erofs(task, stream, first, compression, decoder, scratch, files);
            };
        }
    }

    private BlobIndex tar(
            LayerFetch.Task task,
            BlobStream stream,
            ByteBuffer first,
            Compression compression,
            StreamDecoder decoder,
            FileSink files)
            throws IOException {
        try (TarPass pass =
                new TarPass(task.layer(), task.diffId().toString(), compression, decoder, files, settings.limits())) {
            for (ByteBuffer part = first; part.hasRemaining(); part = stream.read()) {
                pass.accept(part);
                stream.release(part);
            }
            return pass.finish();
        }
    }

    private BlobIndex erofs(
            LayerFetch.Task task,
            BlobStream stream,
            ByteBuffer first,
            Compression compression,
            StreamDecoder opened,
            Path scratch,
            FileSink files)
            throws IOException {
        // The file has no name any more once it is open.
        try (StreamDecoder decoder = opened;
                FileChannel image = FileChannel.open(
                        scratch.resolve(".image-" + UUID.randomUUID()),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE)) {
            ErofsPass pass = new ErofsPass(
                    task.layer(),
                    task.diffId().toString(),
                    compression == Compression.ZSTD,
                    image,
                    BlobIndexes.erofs(settings.limits()));
            for (ByteBuffer part = first; part.hasRemaining(); part = stream.read()) {
                pass.look(part);
                decoder.decode(part, pass::accept);
                stream.release(part);
            }
            decoder.finish(pass::accept);
            return pass.finish(decoder.spans(), decoder.spanDecoder().id(), files);
        }
    }
}
