package dev.sluice.e2e;

import java.io.IOException;

/** Whatever backend {@code auto} takes. */
class TortureImageIT extends TortureImageTrees {
    TortureImageIT() throws IOException {
        super("auto");
    }
}
