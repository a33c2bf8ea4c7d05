package dev.sluice.e2e;

import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import java.io.IOException;

/** On Debian 12 with the control groups of older systems, and FUSE. */
class HybridSystemdIT extends SystemdServiceUnderAProcess {
    HybridSystemdIT() throws IOException {
        super("bookworm", Cgroups.HYBRID, "fuse");
    }
}
