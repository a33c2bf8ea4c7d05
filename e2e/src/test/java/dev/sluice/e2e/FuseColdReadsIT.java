package dev.sluice.e2e;

import java.io.IOException;

/** With FUSE where {@code auto} has the choice. */
class FuseColdReadsIT extends ColdReads {
    FuseColdReadsIT() throws IOException {
        super("fuse");
    }
}
