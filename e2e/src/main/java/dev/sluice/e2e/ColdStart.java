package dev.sluice.e2e;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.ContainerdProcess;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Pulls and starts an image on a containerd that has never seen it, with empty caches. */
final class ColdStart {

    private final TestBed bed;
    private final RegistryProcess registry;
    private final Shape shape;
    private final Path distribution;
    private final String backend;

    ColdStart(TestBed bed, RegistryProcess registry, Shape shape, Path distribution, String backend) {
        this.bed = bed;
        this.registry = registry;
        this.shape = shape;
        this.distribution = distribution;
        this.backend = backend;
    }

    /** @param image repository and tag */
    Measurement measure(String image, String snapshotter, Workload workload) throws IOException {
        boolean lazy = snapshotter.equals(SluiceProcess.NAME);
        try (TestBed node = bed.nested()) {
            ShapingProxy proxy = node.add(ShapingProxy.start(registry.port(), shape));
            ContainerdClient client = lazy ? startLazy(node, proxy) : startOrdinary(node);
            PageCache.drop();
            AccessLog before = registry.accessLog();
            String reference = proxy.address() + "/" + image;
            Duration pull = lazy
                    ? client.pullLazily(reference, snapshotter).elapsed()
                    : client.pull(reference, snapshotter).elapsed();
            long pullBytes = proxy.bytesDown();
            AtomicLong firstOutputBytes = new AtomicLong();
            Command.Result run = client.runCommand(reference, snapshotter, "demo", workload.command())
                    .runForResult(() -> firstOutputBytes.set(proxy.bytesDown()));
            if (run.exitCode() != 0 || run.firstOutput().isEmpty()) {
                throw new IOException("Tried to run " + workload.command() + " with " + snapshotter
                        + " but failed because: exit code " + run.exitCode() + ", " + run.stderr());
            }
            node.close();
            return new Measurement(
                    snapshotter,
                    workload,
                    run.stdout().lines().findFirst().orElse(""),
                    pull,
                    pull.plus(run.firstOutput().get()),
                    pullBytes,
                    firstOutputBytes.get(),
                    registry.accessLog().since(before));
        }
    }

    private ContainerdClient startLazy(TestBed node, ShapingProxy proxy) throws IOException {
        return SluiceNode.start(node, ContainerdBinaries.installed(), distribution, backend, List.of(proxy.address()))
                .client();
    }

    private static ContainerdClient startOrdinary(TestBed node) throws IOException {
        return node.add(ContainerdProcess.start(
                        node.directory().resolve("c"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN))
                .client();
    }
}
