package dev.sluice.install;

import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The systemd of a host. */
public record ServiceManager(Host host) {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);

    /**
     * Starts a unit again, and waits until it is ready.
     *
     * @throws IOException if there is no systemd, or the unit fails
     */
    public void restart(String unit) throws IOException {
        new HostCommand(host, TIMEOUT).run(List.of("systemctl", "restart", unit));
    }
}
