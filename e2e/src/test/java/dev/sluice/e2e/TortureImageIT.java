package dev.sluice.e2e;

import java.io.IOException;

/** With the backend that {@code auto} takes. */
class TortureImageIT extends TortureImageTrees {
    TortureImageIT() throws IOException {
        super(Machine.firstBackend());
    }
}
