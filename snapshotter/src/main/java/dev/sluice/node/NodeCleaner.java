package dev.sluice.node;

import dev.sluice.containerd.ContainerdClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * {@code sluice node finish}: the last part of a removal, which runs on the host itself. Waits until no container at all uses Sluice, then
 * leaves nothing of it behind. May be interrupted and started again at any point.
 */
public final class NodeCleaner {
    private final boolean restartContainerd;
    private final Consumer<String> log;
    private final NodeHost host = new NodeHost(Path.of("/"));

    /**
     * @param restartContainerd whether to restart it, so that it forgets the plugin
     * @param log what is done, one sentence each
     */
    public NodeCleaner(boolean restartContainerd, Consumer<String> log) {
        this.restartContainerd = restartContainerd;
        this.log = log;
    }

    public void clean() throws IOException, InterruptedException {
        try (ContainerdClient containerd = new ContainerdClient(Path.of(HostLayout.CONTAINERD))) {
            ContainerdUse use = new ContainerdUse(containerd);
            new UserWatch(use, Optional.empty(), log).await();
            var unused = use.forgetImagesWithoutLayers();
            if (use.isKnown()) {
                use.removeSnapshots();
            }
        }
        log.accept("No container uses Sluice: it goes");
        List<String> line = new ArrayList<>(List.of(HostDistribution.LINK + "/bin/sluice", "uninstall", "--yes"));
        if (restartContainerd) {
            line.add("--restart-containerd");
        }
        var unused = host.run(line);
        host.systemctl("disable", "--quiet", "--now", HostLayout.SERVICE);
        unused = host.run(List.of(HostDistribution.LINK + "/bin/sluice", "cleanup", "--delete"));
        deleteFiles();
    }

    /** Last of all the unit that would start this again, and the programs that this runs. */
    private void deleteFiles() throws IOException {
        HostDistribution.delete(host.file(HostLayout.RUN));
        for (String path : HostLayout.FILES) {
            new HostFile(host, path).remove();
        }
        Path settings = host.file(HostLayout.CONFIGURATION).resolveSibling(".").normalize();
        if (Files.isDirectory(settings)) {
            try (Stream<Path> rest = Files.list(settings)) {
                if (rest.findAny().isEmpty()) {
                    Files.delete(settings);
                }
            }
        }
        host.systemctl("disable", "--quiet", HostLayout.REMOVAL);
        new HostFile(host, HostLayout.REMOVAL_UNIT).remove();
        host.systemctl("daemon-reload");
        log.accept("Nothing of Sluice is left on this host");
        new HostDistribution(host).remove();
    }
}
