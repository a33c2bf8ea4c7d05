package dev.sluice.e2e;

import java.io.IOException;

/** With the backend that {@code auto} takes. */
class ColdReadsIT extends ColdReads {
    ColdReadsIT() throws IOException {
        super(Machine.firstBackend());
    }
}
