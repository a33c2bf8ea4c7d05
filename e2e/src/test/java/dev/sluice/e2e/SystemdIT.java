package dev.sluice.e2e;

import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import java.io.IOException;

/** On Debian 12, with a process as the keeper. */
class SystemdIT extends SystemdServiceUnderAProcess {
    SystemdIT() throws IOException {
        super("bookworm", Cgroups.UNIFIED, "fanotify");
    }
}
