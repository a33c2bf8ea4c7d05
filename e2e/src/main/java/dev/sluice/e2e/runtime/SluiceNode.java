package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.TestBed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A Sluice daemon and a containerd that uses it, as on a node of a cluster. Both stop with the test bed they were started in.
 *
 * @param sluice already serving
 * @param containerd already serving
 */
public record SluiceNode(SluiceProcess sluice, ContainerdProcess containerd) {

    /**
     * Starts both in the directory of the test bed.
     *
     * @param distribution the directory that holds {@code bin/sluice}
     * @param backend the on-demand backend, or {@code auto}
     * @param registries that speak plain HTTP, as {@code host:port}
     */
    public static SluiceNode start(
            TestBed bed, ContainerdBinaries binaries, Path distribution, String backend, List<String> registries)
            throws IOException {
        Path containerdDirectory = bed.directory().resolve("c");
        SluiceProcess.Settings settings = new SluiceProcess.Settings(
                distribution,
                bed.directory().resolve("s"),
                containerdDirectory.resolve("s"),
                backend,
                SluiceProcess.Settings.plainHttp(registries));
        SluiceProcess sluice = bed.add(SluiceProcess.start(settings));
        ContainerdConfig config = ContainerdConfig.PLAIN.withSnapshotter(SluiceProcess.NAME, settings.socket());
        return new SluiceNode(sluice, bed.add(ContainerdProcess.start(containerdDirectory, binaries, config)));
    }

    /** Commands against its containerd. */
    public ContainerdClient client() {
        return containerd.client();
    }
}
