package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
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
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The first pull of a plain image: by Sluice, and beside it by containerd for overlayfs, from a near registry and over a link. */
@CommandLine.Command(
        name = "e2e/bench/pull",
        mixinStandardHelpOptions = true,
        description = "Times the first pull of a plain gzip image beside overlayfs.")
public final class PullBenchmark implements Callable<Integer> {
    @Option(names = "--distribution", required = true, hidden = true)
    private Path distribution = Path.of("");

    @Option(names = "--files", defaultValue = "50000", description = "Files in the image. Default: ${DEFAULT-VALUE}")
    private int files;

    @Option(names = "--mib", defaultValue = "1024", description = "MiB in all files. Default: ${DEFAULT-VALUE}")
    private long mebibytes;

    @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}")
    private int rounds;

    private PullBenchmark() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new PullBenchmark()).execute(arguments));
    }

    /** @param cpu of the whole machine, the registry's and the client's share included */
    private record Pull(double seconds, double cpu) {}

    @Override
    public Integer call() throws Exception {
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String local = registry.address() + "/many:latest";
            ManyFiles.write(bed.directory("i"), "latest", files, mebibytes << 20);
            ImagePublisher.push(bed.directory().resolve("i"), "latest", local);
            RemoteManifest manifest = RemoteManifest.fetch(local);
            System.out.printf(
                    Locale.ROOT,
                    "image: %d files, %d MiB, %d layers, %.0f MB compressed%n",
                    files,
                    mebibytes,
                    manifest.layers().size(),
                    manifest.layerBytes() / 1e6);
            ShapingProxy proxy = bed.add(ShapingProxy.start(registry.port(), Shape.DEFAULT));
            compare(bed, "registry on this machine", local);
            compare(bed, "20 ms and 50 MB/s", proxy.address() + "/many:latest");
            waits(bed, registry);
        }
        return 0;
    }

    private void compare(TestBed bed, String where, String reference) throws IOException {
        double seconds = 0;
        double cpu = 0;
        for (int round = 0; round < rounds; round++) {
            Pull overlayfs = overlayfs(bed, reference);
            Pull sluice = sluice(bed, reference, round > 0);
            System.out.printf(
                    Locale.ROOT,
                    "%s, round %d (daemon %s): overlayfs %.1f s (%.1f s of processor), Sluice %.1f s (%.1f s): %.2f, %.2f%n",
                    where,
                    round + 1,
                    round > 0 ? "in use" : "just started",
                    overlayfs.seconds,
                    overlayfs.cpu,
                    sluice.seconds,
                    sluice.cpu,
                    sluice.seconds / overlayfs.seconds,
                    sluice.cpu / overlayfs.cpu);
            seconds += sluice.seconds / overlayfs.seconds / rounds;
            cpu += sluice.cpu / overlayfs.cpu / rounds;
        }
        System.out.printf(
                Locale.ROOT, "%s, mean: %.2f of overlayfs' time, %.2f of its processor time%n", where, seconds, cpu);
    }

    private Pull overlayfs(TestBed bed, String reference) throws IOException {
        try (TestBed round = bed.nested()) {
            ContainerdClient client = round.add(ContainerdProcess.start(
                            round.directory("c"), ContainerdBinaries.installed(), ContainerdConfig.PLAIN))
                    .client();
            return time(client, reference, ContainerdClient.OVERLAYFS);
        }
    }

    /** @param used whether by a daemon that has pulled the image before and has forgotten it, instead of one that was just started */
    private Pull sluice(TestBed bed, String reference, boolean used) throws IOException {
        try (TestBed round = bed.nested()) {
            SluiceNode node = node(round, reference);
            if (used) {
                node.client().pullLazily(reference, SluiceProcess.NAME);
                forget(node, reference);
            }
            return time(node.client(), reference, SluiceProcess.NAME);
        }
    }

    /** Removes an image, and what Sluice knows of it. */
    private static void forget(SluiceNode node, String reference) throws IOException {
        node.client().command("images", "rm", "--sync", reference).run();
        Path root = node.sluice().settings().root();
        Command.of(
                        "sh",
                        "-c",
                        "until [ -z \"$(ls " + root.resolve("layers") + ")\" ]; do sleep 0.1; done; rm -f "
                                + root.resolve("indexes") + "/*")
                .run();
    }

    private SluiceNode node(TestBed bed, String reference) throws IOException {
        String host = reference.substring(0, reference.indexOf('/'));
        return SluiceNode.start(bed, ContainerdBinaries.installed(), distribution, "auto", List.of(host));
    }

    private static Pull time(ContainerdClient client, String reference, String snapshotter) throws IOException {
        Command.of("sync").run();
        PageCache.drop();
        Duration before = ProcessorTime.ofMachine();
        long start = System.nanoTime();
        if (snapshotter.equals(SluiceProcess.NAME)) {
            // Debian's ctr tells snapshotters nothing.
            client.pullLazily(reference, snapshotter);
        } else {
            client.pull(reference, snapshotter);
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        return new Pull(seconds, ProcessorTime.ofMachine().minus(before).toMillis() / 1e3);
    }

    /** How long others wait while a large layer is fetched: containers' snapshots, and garbage collections between them. */
    private void waits(TestBed bed, RegistryProcess registry) throws Exception {
        String small = registry.address() + "/small:latest";
        OciLayout.write(bed.directory("s"), "latest", List.of(List.of(TarEntry.file("file", new byte[] {1}))));
        ImagePublisher.push(bed.directory().resolve("s"), "latest", small);
        try (TestBed round = bed.nested();
                ShapingProxy proxy =
                        ShapingProxy.start(registry.port(), new Shape(Duration.ofMillis(20), 10_000_000))) {
            String large = proxy.address() + "/many:latest";
            ContainerdClient client = SluiceNode.start(
                            round,
                            ContainerdBinaries.installed(),
                            distribution,
                            "auto",
                            List.of(proxy.address(), registry.address()))
                    .client();
            client.pullLazily(small, SluiceProcess.NAME);
            String parent = RemoteManifest.fetch(small).chainId();
            Thread pull = new Thread(() -> pullQuietly(client, large));
            pull.start();
            double longestStart = 0;
            double longestCollection = 0;
            int starts = 0;
            while (pull.isAlive()) {
                longestStart = Math.max(
                        longestStart,
                        seconds(client.command(
                                "snapshots", "--snapshotter", SluiceProcess.NAME, "prepare", "c" + starts++, parent)));
                client.command("images", "tag", small, small + "-" + starts).run();
                longestCollection = Math.max(
                        longestCollection, seconds(client.command("images", "rm", "--sync", small + "-" + starts)));
            }
            System.out.printf(
                    Locale.ROOT,
                    "while a pull at 10 MB/s ran: %d containers prepared and as many garbage collections, the longest waits %.2f s"
                            + " and %.2f s%n",
                    starts,
                    longestStart,
                    longestCollection);
        }
    }

    private static void pullQuietly(ContainerdClient client, String reference) {
        try {
            client.pullLazily(reference, SluiceProcess.NAME);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static double seconds(Command command) throws IOException {
        long start = System.nanoTime();
        command.run();
        return (System.nanoTime() - start) / 1e9;
    }
}
