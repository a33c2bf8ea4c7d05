package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.ImageForm;
import dev.sluice.e2e.image.ImageForms;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.Laziness;
import dev.sluice.e2e.image.PlainImage;
import dev.sluice.e2e.image.RemoteManifest;
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
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** A Debian image in every form: what is fetched until a container has run, and how long that takes, beside overlayfs. */
@CommandLine.Command(
        name = "e2e/bench/forms",
        mixinStandardHelpOptions = true,
        description = "Pulls and starts a Debian image with Python in every form, over a link of 20 ms and 50 MB/s.")
public final class FormsBenchmark implements Callable<Integer> {
    private static final DebianImage IMAGE =
            new DebianImage("debian-python", List.of(List.of("ca-certificates"), List.of("python3")));

    private static final List<String> HELLO = List.of("python3", "-c", "import json; print(json.loads('\"hello\"'))");
    private static final String NAME = "/python:";

    @Option(names = "--distribution", required = true, hidden = true)
    private Path distribution = Path.of("");

    @Option(names = "--tools", required = true, hidden = true)
    private Path tools = Path.of("");

    @Option(names = "--backend", defaultValue = "auto", description = "Default: the daemon's choice")
    private String backend = "";

    @Option(names = "--forms", split = ",", description = "Names of forms. Default: all that can be made here")
    private List<String> names = List.of();

    private FormsBenchmark() {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new FormsBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        ContainerdBinaries binaries = ContainerdBinaries.newest(tools.resolve("containerd2"))
                .orElseThrow(() -> new IOException("Tried to find containerd 2.x but failed"));
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            ContainerdClient makers = bed.add(ContainerdProcess.start(
                            bed.directory("o"),
                            ContainerdBinaries.installed(),
                            ContainerdConfig.PLAIN.withoutGarbageCollection()))
                    .client();
            Path layout = IMAGE.build();
            String plain = registry.address() + NAME + "plain";
            ImagePublisher.push(layout, DebianImage.TAG, plain);
            System.out.println(
                    "| form | layers | requests | bytes | of the gzip layers | pull | container |\n|---|---|---|---|---|---|---|");
            try (TestBed round = bed.nested()) {
                ContainerdClient client = round.add(
                                ContainerdProcess.start(round.directory("c"), binaries, ContainerdConfig.PLAIN))
                        .client();
                ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), Shape.DEFAULT));
                report(registry, "gzip, overlayfs", "plain", client, ContainerdClient.OVERLAYFS, proxy);
            }
            int number = 0;
            for (ImageForm form : ImageForms.withFrail()) {
                if ((names.isEmpty() || names.contains(form.name()))
                        && form.requirement().isMet(tools)) {
                    Path work = bed.directory("w" + number++);
                    form.make(new PlainImage(layout, plain, makers, work, tools));
                    measure(bed, registry, binaries, form);
                }
            }
        }
        return 0;
    }

    private void measure(TestBed bed, RegistryProcess registry, ContainerdBinaries binaries, ImageForm form)
            throws IOException {
        try (TestBed round = bed.nested()) {
            ShapingProxy proxy = round.add(ShapingProxy.start(registry.port(), Shape.DEFAULT));
            SluiceNode node = SluiceNode.start(
                    round,
                    binaries,
                    ContainerdConfig.PLAIN,
                    distribution,
                    backend,
                    SluiceProcess.Settings.plainHttp(List.of(proxy.address())) + form.configuration());
            report(registry, form.name(), form.name(), node.client(), SluiceProcess.NAME, proxy);
            if (form.laziness() != Laziness.AT_ONCE) {
                forget(node, proxy.address() + NAME + form.name());
                report(registry, form.name() + ", again", form.name(), node.client(), SluiceProcess.NAME, proxy);
            }
        }
    }

    private static void report(
            RegistryProcess registry,
            String row,
            String tag,
            ContainerdClient client,
            String snapshotter,
            ShapingProxy proxy)
            throws IOException {
        RemoteManifest manifest = RemoteManifest.fetch(registry.address() + NAME + tag);
        String reference = proxy.address() + NAME + tag;
        PageCache.drop();
        AccessLog before = registry.accessLog();
        double pull = client.pull(reference, snapshotter).elapsed().toMillis() / 1e3;
        double start = client.run(reference, snapshotter, "c" + System.nanoTime(), HELLO)
                        .elapsed()
                        .toMillis()
                / 1e3;
        AccessLog log = registry.accessLog().since(before);
        System.out.printf(
                Locale.ROOT,
                "| %s | %d, %.1f MB | %d | %.1f MB | %.0f %% | %.1f s | %.1f s |%n",
                row,
                manifest.layers().size(),
                manifest.distinctLayerBytes() / 1e6,
                log.requests().size(),
                log.bytes() / 1e6,
                100.0
                        * log.bytes()
                        / RemoteManifest.fetch(registry.address() + NAME + "plain")
                                .distinctLayerBytes(),
                pull,
                start);
    }

    /** Removes an image; what Sluice has learned of its layers stays. */
    private static void forget(SluiceNode node, String reference) throws IOException {
        node.client().command("images", "rm", "--sync", reference).run();
        Command.of(
                        "sh",
                        "-c",
                        "until [ -z \"$(ls " + node.sluice().settings().root().resolve("layers")
                                + ")\" ]; do sleep 0.1; done")
                .run();
    }
}
