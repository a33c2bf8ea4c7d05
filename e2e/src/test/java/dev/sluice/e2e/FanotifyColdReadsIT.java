package dev.sluice.e2e;

import java.io.IOException;

/** With fanotify. */
class FanotifyColdReadsIT extends ColdReads {
    FanotifyColdReadsIT() throws IOException {
        super("fanotify");
    }
}
