package dev.sluice.e2e.runtime;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Patience;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * A Sluice daemon and a containerd that uses it, as on a node of a cluster. Both stop with the test bed they were started in.
 *
 * @param sluice already serving
 * @param containerd already serving
 */
public record SluiceNode(SluiceProcess sluice, ContainerdProcess containerd) {

    private static final Duration RECONNECTED = Duration.ofMinutes(1);

    /**
     * Starts both in the directory of the test bed, containerd as {@link ContainerdConfig#PLAIN} has it.
     *
     * @param distribution the directory that holds {@code bin/sluice}
     * @param backend the on-demand backend, or {@code auto}
     * @param registries that speak plain HTTP, as {@code host:port}
     */
    public static SluiceNode start(
            TestBed bed, ContainerdBinaries binaries, Path distribution, String backend, List<String> registries)
            throws IOException {
        return start(
                bed,
                binaries,
                ContainerdConfig.PLAIN,
                distribution,
                backend,
                SluiceProcess.Settings.plainHttp(registries));
    }

    /**
     * Starts both in the directory of the test bed.
     *
     * @param containerd what else is wanted of it
     * @param distribution the directory that holds {@code bin/sluice}
     * @param backend the on-demand backend, or {@code auto}
     * @param configuration contents of the daemon's configuration file
     */
    public static SluiceNode start(
            TestBed bed,
            ContainerdBinaries binaries,
            ContainerdConfig containerd,
            Path distribution,
            String backend,
            String configuration)
            throws IOException {
        Path containerdDirectory = bed.directory().resolve("c");
        SluiceProcess.Settings settings = new SluiceProcess.Settings(
                distribution, bed.directory().resolve("s"), containerdDirectory.resolve("s"), backend, configuration);
        SluiceProcess sluice = bed.add(SluiceProcess.start(settings));
        ContainerdConfig config = containerd.withSnapshotter(SluiceProcess.NAME, settings.socket());
        return new SluiceNode(sluice, bed.add(ContainerdProcess.start(containerdDirectory, binaries, config)));
    }

    /**
     * Waits until containerd has found a daemon that was started again: its connection to a plugin that went away comes back after
     * a pause of some seconds.
     *
     * @throws IOException if it does not within a minute
     */
    public void awaitSnapshotter() throws IOException {
        Command list = client().command("snapshots", "--snapshotter", SluiceProcess.NAME, "ls");
        if (!Poll.until(RECONNECTED, () -> list.runForResult().exitCode() == 0)) {
            throw new IOException("Tried to reach sluice through containerd but failed because: not within "
                    + Patience.of(RECONNECTED) + ", " + list.runForResult().stderr());
        }
    }

    /** Commands against its containerd. */
    public ContainerdClient client() {
        return containerd.client();
    }
}
