package dev.sluice.mount;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A blob that several repositories have. The source that delivered last is asked first; one that fails to begin is left for the
 * next. Safe for use by many threads.
 */
final class LayerBlob implements Blob {
    private final long size;
    private final List<Blob> sources;
    private volatile int preferred;

    /** @param sources at least one, all of the same size */
    LayerBlob(List<Blob> sources) {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("a blob needs a source");
        }
        this.size = sources.get(0).size();
        this.sources = new CopyOnWriteArrayList<>(sources);
    }

    void add(Blob source) {
        sources.add(source);
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
        List<Blob> known = List.copyOf(sources);
        int first = source == Source.OTHER ? preferred + 1 : preferred;
        IOException failure = new IOException("the blob has no source");
        for (int i = 0; i < known.size(); i++) {
            int candidate = (first + i) % known.size();
            try {
                ReadableByteChannel channel = known.get(candidate).read(offset, length, source);
                preferred = candidate;
                return channel;
            } catch (IOException e) {
                if (i > 0) {
                    e.addSuppressed(failure);
                }
                failure = e;
            }
        }
        throw failure;
    }
}
