package dev.sluice.cli;

import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.daemon.Runners;
import dev.sluice.node.NodeGate;
import dev.sluice.node.NodeHost;
import dev.sluice.node.NodeInstaller;
import dev.sluice.node.NodeReleaser;
import dev.sluice.node.NodeUninstaller;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;

/** {@code sluice node}: what Sluice's pods do on the nodes of a Kubernetes cluster. */
@Command(name = "node", description = "What Sluice's pods do on the nodes of a Kubernetes cluster.")
final class NodeCommand {
    private final Runners.NodeRunner runner;

    NodeCommand(Runners.NodeRunner runner) {
        this.runner = runner;
    }

    @Command(
            description = {
                "Puts Sluice onto the host as a systemd service, or brings what is there up to date.",
                "What is as it should be is left alone; containers run on."
            })
    int install(
            @Option(
                            names = "--host",
                            paramLabel = "DIR",
                            defaultValue = "/host",
                            description = "Where the host's root directory is mounted, ${DEFAULT-VALUE}.")
                    Path host,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "What becomes /etc/sluice/config.toml of the host.")
                    Optional<Path> config,
            @Option(
                            names = "--distribution",
                            paramLabel = "DIR",
                            defaultValue = "/opt/sluice",
                            description = "What is installed, ${DEFAULT-VALUE}.")
                    Path distribution,
            @Option(names = "--cri", description = "Makes it the snapshotter of kubelet's images, too.") boolean cri,
            @Option(
                            names = "--restart-containerd",
                            description = "If its configuration has changed. Containers run on meanwhile.")
                    boolean restart)
            throws InvalidConfigException, IOException {
        if (config.isPresent()) {
            // A daemon that does not take it would leave readers waiting.
            var unused = SluiceCommand.load(config, Map.of());
        }
        runner.install(new NodeInstaller.Settings(host(host), distribution, config, cri, restart));
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Takes Sluice off the host: waits until no container uses it, and says which do.",
                "The last of it goes when this pod is gone."
            })
    int uninstall(
            @Option(
                            names = "--host",
                            paramLabel = "DIR",
                            defaultValue = "/host",
                            description = "Where the host's root directory is mounted, ${DEFAULT-VALUE}.")
                    Path host,
            @Option(
                            names = "--pod",
                            paramLabel = "UID",
                            defaultValue = "${env:POD_UID}",
                            description = "The pod that this runs in, $POD_UID: it does not wait for itself.")
                    Optional<String> pod,
            @Option(
                            names = "--restart-containerd",
                            description = "When its configuration has changed, twice. Containers run on meanwhile.")
                    boolean restart)
            throws InvalidConfigException, IOException, InterruptedException {
        runner.uninstall(new NodeUninstaller.Settings(host(host), pod.filter(uid -> !uid.isEmpty()), restart));
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Takes Sluice off a node where its daemon runs in a pod, in the place of that daemon.",
                "Serves until no container uses it, and says which do; then mounts and files go."
            })
    int release(
            @Option(names = "--config", paramLabel = "FILE", description = "The daemon's.") Optional<Path> config,
            @Option(
                            names = "--distribution",
                            paramLabel = "DIR",
                            defaultValue = "/opt/sluice",
                            description = "Where Sluice itself is, ${DEFAULT-VALUE}.")
                    Path distribution,
            @Option(
                            names = "--pod",
                            paramLabel = "UID",
                            defaultValue = "${env:POD_UID}",
                            description = "The pod that this runs in, $POD_UID: it does not wait for itself.")
                    Optional<String> pod)
            throws IOException, InterruptedException {
        runner.release(new NodeReleaser.Settings(config, distribution, pod.filter(uid -> !uid.isEmpty())));
        return ExitCode.OK;
    }

    @Command(description = "The last part of a removal, on the host itself, as a service.", hidden = true)
    int finish(
            @Option(names = "--restart-containerd", description = "When its configuration has changed.")
                    boolean restart)
            throws IOException, InterruptedException {
        runner.finish(restart);
        return ExitCode.OK;
    }

    @Command(description = "Tells the cluster by a label, and a taint, of the node whether Sluice works on it.")
    int gate(
            @Option(
                            names = "--node",
                            paramLabel = "NAME",
                            required = true,
                            defaultValue = "${env:NODE_NAME}",
                            description = "The node, $NODE_NAME.")
                    String node,
            @Option(names = "--taint", description = "Keeps pods away while Sluice does not work.") boolean taint,
            @Option(names = "--gone", description = "Sluice was removed: takes label and taint away.") boolean gone,
            @Option(
                            names = "--admin",
                            paramLabel = "SOCKET",
                            defaultValue = "/run/sluice/admin.sock",
                            description = "Where the daemon answers, ${DEFAULT-VALUE}.")
                    Path admin,
            @Option(
                            names = "--containerd",
                            paramLabel = "SOCKET",
                            defaultValue = "/run/containerd/containerd.sock",
                            description = "containerd's own socket, ${DEFAULT-VALUE}.")
                    Path containerd,
            @Option(
                            names = "--directory",
                            paramLabel = "DIR",
                            defaultValue = "/run/gate",
                            description =
                                    "For the files alive and ready, which kubelet's probes read, ${DEFAULT-VALUE}.")
                    Path directory,
            @Option(
                            names = "--kubeconfig",
                            paramLabel = "DIR",
                            description = {
                                "Lends the pod's service account to the daemon: a kubeconfig file is kept fresh there.",
                                "The same directory in the pod and on the host."
                            })
                    Optional<Path> kubeconfig)
            throws IOException, InterruptedException {
        runner.gate(new NodeGate.Settings(node, taint, gone, admin, containerd, directory, kubeconfig));
        return ExitCode.OK;
    }

    private static NodeHost host(Path directory) throws InvalidConfigException {
        if (!directory.isAbsolute()) {
            throw new InvalidConfigException("--host has to be an absolute path");
        }
        return new NodeHost(directory.normalize());
    }
}
