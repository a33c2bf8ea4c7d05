package dev.sluice.layer.toc;

import java.io.IOException;
import java.io.InputStream;

/** The JSON of a table of contents as it arrives. Hashes on the way what the manifest vouches for. */
public abstract class TocJson extends InputStream {
    /** Reads what is left, and returns the digest of all that the manifest vouches for, {@code sha256:hex}. To be called once. */
    public abstract String finish() throws IOException;
}
