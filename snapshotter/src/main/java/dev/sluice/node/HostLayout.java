package dev.sluice.node;

import java.util.List;

/** Names and places on the host, besides those of {@link HostDistribution}. */
final class HostLayout {
    /** The daemon's unit. */
    static final String SERVICE = "sluice.service";

    static final String UNIT = "/etc/systemd/system/" + SERVICE;

    /** The unit that goes on with the removal when the pod is gone. */
    static final String REMOVAL = "sluice-remove.service";

    static final String REMOVAL_UNIT = "/etc/systemd/system/" + REMOVAL;
    static final String CONFIGURATION = "/etc/sluice/config.toml";
    static final String UDEV_RULES = "/etc/udev/rules.d/59-sluice.rules";

    /** Sockets. */
    static final String RUN = "/run/sluice";

    static final String CONTAINERD = "/run/containerd/containerd.sock";

    /** What containerd calls Sluice. */
    static final String SNAPSHOTTER = "sluice";

    /** All that {@link HostFile} writes. */
    static final List<String> FILES = List.of(UNIT, CONFIGURATION, UDEV_RULES);

    private HostLayout() {}
}
