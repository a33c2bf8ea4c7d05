package dev.sluice.e2e;

import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import java.io.IOException;

/** On Debian 13, whose systemd can be the keeper itself. */
class FdStoreSystemdIT extends SystemdService {
    FdStoreSystemdIT() throws IOException {
        super("trixie", Cgroups.UNIFIED, "fanotify", "fd-store");
    }
}
