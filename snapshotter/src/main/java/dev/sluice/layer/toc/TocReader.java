package dev.sluice.layer.toc;

import dev.sluice.layer.Blob;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Makes a layer of a table of contents. That is parsed while it arrives, so its JSON is never in memory as a whole; what came of it is
 * believed only after its digest was found to be right. Immutable, safe for use by many threads.
 */
public final class TocReader {
    private final TocLimits limits;

    public TocReader(TocLimits limits) {
        this.limits = limits;
    }

    /** One way from a blob to a layer. */
    public interface Attempt {
        /** @throws CorruptTocException if another source may have better bytes */
        Result read(Blob.Source source) throws IOException;
    }

    /**
     * Reads once more, from another source, what one source has corrupt.
     *
     * @throws InvalidLayerException if it is corrupt there, too
     */
    public static Result readTwice(Attempt attempt) throws IOException {
        try {
            return attempt.read(Blob.Source.ANY);
        } catch (CorruptTocException e) {
            try {
                return attempt.read(Blob.Source.OTHER);
            } catch (CorruptTocException again) {
                again.addSuppressed(e);
                throw new InvalidLayerException(again.reason(), again);
            }
        }
    }

    /**
     * Reads all of a table of contents.
     *
     * @param json is not closed
     * @param digest what {@link TocJson#finish} has to give: what the manifest says, {@code sha256:hex}
     * @throws CorruptTocException if it gives another
     * @throws InvalidLayerException if the manifest vouches for a table of contents that is malformed, ambiguous or too large
     */
    public LayerIndex read(TocJson json, String digest, ChunkedBlob blob) throws IOException {
        Toc toc = new Toc(limits);
        @Nullable InvalidLayerException broken = null;
        try {
            new TocParser(limits).parse(json, toc);
        } catch (InvalidLayerException e) {
            broken = e;
        }
        String actual = json.finish();
        if (!actual.equals(digest)) {
            throw new CorruptTocException(
                    "table of contents has the digest " + actual + ", the manifest says " + digest, broken);
        }
        if (broken != null) {
            throw broken;
        }
        return toc.finish(digest, blob);
    }
}
