package dev.sluice.e2e;

import java.io.IOException;

/** With fanotify. */
class FanotifyTortureImageIT extends TortureImageTrees {
    FanotifyTortureImageIT() throws IOException {
        super("fanotify");
    }
}
