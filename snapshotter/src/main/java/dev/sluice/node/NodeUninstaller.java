package dev.sluice.node;

import static java.util.Objects.requireNonNull;

import dev.sluice.containerd.ContainerdClient;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * {@code sluice node uninstall}: takes Sluice off the host. First containerd pulls for its own snapshotter again, then this waits until
 * no container uses Sluice, and at last all of it goes, in a service of the host: this pod's own image may be one of Sluice's.
 */
public final class NodeUninstaller {
    private final Settings settings;
    private final Consumer<String> log;
    private final NodeHost host;

    /**
     * @param pod UID of the pod that this runs in, if any: it does not wait for itself
     * @param restartContainerd whether containerd may be restarted, twice; else somebody else has to, and this waits for it
     */
    public record Settings(NodeHost host, Optional<String> pod, boolean restartContainerd) {
        public Settings {
            requireNonNull(host, "host is null");
            requireNonNull(pod, "pod is null");
        }
    }

    /** @param log what is done and waited for, one sentence each */
    public NodeUninstaller(Settings settings, Consumer<String> log) {
        this.settings = settings;
        this.log = log;
        this.host = settings.host();
    }

    /**
     * Returns when nothing of Sluice is left but what this pod itself may need, or nothing at all.
     *
     * @throws IOException if something could not be done; the next try goes on from there
     */
    public void uninstall() throws IOException, InterruptedException {
        HostDistribution distribution = new HostDistribution(host);
        if (distribution.current().isEmpty()) {
            log.accept("Sluice is not installed on this host");
            return;
        }
        host.requireSystemd();
        if (!host.has(HostLayout.REMOVAL_UNIT)) {
            giveImagesBack();
        }
        try (ContainerdClient containerd = new ContainerdClient(host.file(HostLayout.CONTAINERD))) {
            ContainerdUse use = new ContainerdUse(containerd);
            if (!host.has(HostLayout.REMOVAL_UNIT)) {
                List<String> forgotten = use.forgetImagesWithoutLayers();
                if (!forgotten.isEmpty()) {
                    log.accept("Images that are pulled again by who needs them: " + String.join(", ", forgotten));
                }
            }
            new UserWatch(use, settings.pod(), log).await();
        }
        startRemoval();
    }

    /**
     * Both calls leave the plugin in containerd's configuration, and nothing else: containers that use it can still be removed. containerd is
     * restarted only once, and before that knows nothing of it: so whoever uses Sluice is in no danger.
     */
    private void giveImagesBack() throws IOException {
        String program = HostDistribution.LINK + "/bin/sluice";
        log.accept("From now on containerd pulls for its own snapshotter again");
        var unused = host.run(List.of(program, "uninstall", "--yes", "--force"));
        unused = host.run(
                settings.restartContainerd()
                        ? List.of(program, "install", "--yes", "--restart-containerd")
                        : List.of(program, "install", "--yes"));
    }

    private void startRemoval() throws IOException {
        boolean written = new HostFile(host, HostLayout.REMOVAL_UNIT).write("""
                        [Unit]
                        Description=Removal of Sluice from this node

                        [Service]
                        ExecStart=%s/bin/sluice node finish%s
                        Restart=on-failure
                        RestartSec=10

                        [Install]
                        WantedBy=multi-user.target
                        """.formatted(
                        HostDistribution.LINK, settings.restartContainerd() ? " --restart-containerd" : ""));
        if (written) {
            host.systemctl("daemon-reload");
        }
        host.systemctl("enable", "--quiet", HostLayout.REMOVAL);
        host.systemctl("start", HostLayout.REMOVAL);
        log.accept("Only this pod may still use Sluice; when it is deleted, " + HostLayout.REMOVAL
                + " takes the rest off the host");
    }
}
