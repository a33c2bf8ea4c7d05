package dev.sluice.e2e;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The demonstration: {@code deploy/demo} calls it. */
@CommandLine.Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Starts one image lazily with Sluice and in the ordinary way with overlayfs, and compares.")
public final class Demo implements Callable<Integer> {

    /** Smaller images would prove little. */
    private static final long MIN_IMAGE_BYTES = 150_000_000;

    static final DebianImage IMAGE = new DebianImage(
            "debian-languages",
            List.of(
                    List.of("ca-certificates"),
                    List.of("python3"),
                    List.of("nodejs"),
                    List.of("openjdk-17-jdk-headless")));

    @Option(
            names = "--latency",
            paramLabel = "MS",
            defaultValue = "20",
            description = "round trip to the registry in milliseconds (default: ${DEFAULT-VALUE})")
    private int latencyMillis;

    @Option(
            names = "--bandwidth",
            paramLabel = "MB/S",
            defaultValue = "50",
            description = "bandwidth to the registry in megabytes per second (default: ${DEFAULT-VALUE})")
    private int bandwidth;

    @Option(
            names = "--workload",
            paramLabel = "NAME",
            description = "${COMPLETION-CANDIDATES}; may be repeated (default: all, one after the other, each cold)")
    private List<Workload> workloads = List.of(Workload.values());

    @Option(names = "--only", paramLabel = "SNAPSHOTTER", description = "run only sluice or only overlayfs")
    private Optional<String> only = Optional.empty();

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "on-demand backend of Sluice (default: ${DEFAULT-VALUE})")
    private String backend = "auto";

    @Option(names = "--json", paramLabel = "FILE", description = "write the same figures to a file")
    private Optional<Path> json = Optional.empty();

    @Option(
            names = "--work",
            paramLabel = "DIRECTORY",
            defaultValue = "/var/tmp",
            description = "where to make the working directory; not on overlayfs (default: ${DEFAULT-VALUE})")
    private Path work = Path.of("/var/tmp");

    @Option(
            names = "--distribution",
            paramLabel = "DIRECTORY",
            defaultValue = "snapshotter/target/sluice",
            description = "the built distribution of Sluice (default: ${DEFAULT-VALUE})")
    private Path distribution = Path.of("snapshotter/target/sluice");

    /** Runs the demonstration; exit code 0 if every container gave its output. */
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Demo())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler((e, commandLine, parsed) -> {
                    commandLine.getErr().println(e.getMessage());
                    return 1;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Shape shape = new Shape(Duration.ofMillis(latencyMillis), bandwidth * 1_000_000L);
        try (TestBed bed = TestBed.create(work)) {
            System.out.println("Preparing the image (the first time takes some minutes) ...");
            Path layout = Estargz.build(IMAGE, bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String name = IMAGE.name() + ":" + DebianImage.TAG;
            ImagePublisher.push(layout, DebianImage.TAG, registry.address() + "/" + name);
            RemoteManifest manifest = RemoteManifest.fetch(registry.address() + "/" + name);
            Estargz.requireTocDigests(manifest);
            if (manifest.layerBytes() < MIN_IMAGE_BYTES) {
                throw new IOException("Tried to make an image of " + MIN_IMAGE_BYTES
                        + " bytes but failed because: its layers have " + manifest.layerBytes());
            }
            DemoReport report = new DemoReport(name, manifest, shape, measure(bed, registry, name, shape));
            report.print(System.out);
            if (json.isPresent()) {
                Files.writeString(json.get(), report.toJson());
            }
        }
        return 0;
    }

    private List<Measurement> measure(TestBed bed, RegistryProcess registry, String image, Shape shape)
            throws IOException {
        ColdStart coldStart = new ColdStart(bed, registry, shape, distribution.toAbsolutePath(), backend);
        List<Measurement> measurements = new ArrayList<>();
        for (Workload workload : workloads) {
            for (String snapshotter : List.of(ContainerdClient.OVERLAYFS, SluiceProcess.NAME)) {
                if (only.isEmpty() || only.get().equals(snapshotter)) {
                    System.out.println(
                            "Pulling and starting " + workload.command().get(0) + " with " + snapshotter + " ...");
                    measurements.add(coldStart.measure(image, snapshotter, workload));
                }
            }
        }
        return measurements;
    }
}
