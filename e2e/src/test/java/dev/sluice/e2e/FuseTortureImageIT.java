package dev.sluice.e2e;

import java.io.IOException;

/** With FUSE where {@code auto} has the choice. */
class FuseTortureImageIT extends TortureImageTrees {
    FuseTortureImageIT() throws IOException {
        super("fuse");
    }
}
