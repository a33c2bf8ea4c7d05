package dev.sluice.daemon;

import dev.sluice.kubernetes.ApiServer;
import dev.sluice.kubernetes.KubernetesClient;
import dev.sluice.node.NodeCleaner;
import dev.sluice.node.NodeGate;
import dev.sluice.node.NodeInstaller;
import dev.sluice.node.NodeReleaser;
import dev.sluice.node.NodeUninstaller;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code sluice node}: what is done is logged. */
final class NodeCommands implements Runners.NodeRunner {
    private static final Logger log = LoggerFactory.getLogger("dev.sluice.node");

    @Override
    public void install(NodeInstaller.Settings settings) throws IOException {
        new NodeInstaller(settings, log::info).install();
    }

    @Override
    public void uninstall(NodeUninstaller.Settings settings) throws IOException, InterruptedException {
        new NodeUninstaller(settings, log::info).uninstall();
    }

    @Override
    public void finish(boolean restartContainerd) throws IOException, InterruptedException {
        new NodeCleaner(restartContainerd, log::info).clean();
    }

    @Override
    public void release(NodeReleaser.Settings settings) throws IOException, InterruptedException {
        new NodeReleaser(settings, log::info).release();
    }

    @Override
    public void gate(NodeGate.Settings settings) throws IOException, InterruptedException {
        try (KubernetesClient kubernetes = new KubernetesClient(ApiServer.ofPod())) {
            new NodeGate(settings, ApiServer.POD_ACCOUNT, ApiServer.urlInPod(System.getenv()), log::info)
                    .run(kubernetes);
        }
    }
}
