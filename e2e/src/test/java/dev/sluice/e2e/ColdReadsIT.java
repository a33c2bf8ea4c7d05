package dev.sluice.e2e;

import java.io.IOException;

/** Whatever backend {@code auto} takes. */
class ColdReadsIT extends ColdReads {
    ColdReadsIT() throws IOException {
        super("auto");
    }
}
