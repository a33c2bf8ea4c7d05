package dev.sluice.e2e.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The same file, all of it here, read through each way in which a container can have it. */
@CommandLine.Command(
        name = "backends",
        mixinStandardHelpOptions = true,
        description = "Measures reads through backends.")
public final class BackendBenchmark implements Callable<Integer> {
    private static final String FILE = "file";
    /** Keeps its layer incomplete as long as nobody reads it. */
    private static final String REST = "rest";

    private static final int REST_BYTES = 8 << 20;
    private static final Duration COMPLETE = Duration.ofMinutes(1);

    @Option(names = "--distribution", required = true, hidden = true)
    private Path distribution = Path.of("");

    @Option(names = "--json", paramLabel = "FILE", description = "write the figures to a file, too")
    private Optional<Path> json = Optional.empty();

    @Option(
            names = "--rounds",
            defaultValue = "3",
            description = "how often each way takes its turn (${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--mib", defaultValue = "48", description = "size of the file (${DEFAULT-VALUE})")
    private int mebibytes = 48;

    @Option(
            names = "--layers",
            defaultValue = "1000",
            description = "how many layers are attached and mounted by each backend (${DEFAULT-VALUE})")
    private int layers = 1000;

    /** What one way came to, over all rounds. */
    private static final class Figures {
        private final Map<String, List<Latencies>> latencies = new LinkedHashMap<>();
        private final Map<String, List<Double>> rates = new LinkedHashMap<>();

        void add(String what, Latencies run) {
            latencies.computeIfAbsent(what, key -> new ArrayList<>()).add(run);
        }

        void add(String what, double rate) {
            rates.computeIfAbsent(what, key -> new ArrayList<>()).add(rate);
        }

        Latencies all(String what) {
            return Latencies.of(latencies.getOrDefault(what, List.of()).stream());
        }

        double best(String what) {
            return rates.getOrDefault(what, List.of()).stream()
                    .mapToDouble(Double::doubleValue)
                    .max()
                    .orElse(0);
        }
    }

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new BackendBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/bench:" + DebianImage.TAG;
            ImagePublisher.push(image(bed), DebianImage.TAG, reference);

            Map<String, Path> ways = new LinkedHashMap<>();
            Path marked = mounted(bed, reference, "fanotify", "marked");
            ways.put("EROFS, fully local", local(bed, marked.resolve(FILE)));
            ways.put("overlayfs on a directory", overlay(bed, marked.resolve(FILE)));
            ways.put("Sluice fanotify, present, marked", marked.resolve(FILE));
            Path complete = mounted(bed, reference, "fanotify", "complete");
            FileReads.sequential(complete.resolve(REST));
            ways.put("Sluice fanotify, complete", complete.resolve(FILE));
            ways.put(
                    "Sluice FUSE, present",
                    mounted(bed, reference, "fuse", "fuse").resolve(FILE));
            for (Path file : ways.values()) {
                FileReads.sequential(file);
            }
            require(!isMarked(bed, "complete"), "the complete layer keeps its mark");
            require(isMarked(bed, "marked"), "the incomplete layer has no mark");

            Map<String, Figures> figures = new LinkedHashMap<>();
            for (int round = 0; round < rounds; round++) {
                for (Map.Entry<String, Path> way : ways.entrySet()) {
                    measure(way.getValue(), figures.computeIfAbsent(way.getKey(), key -> new Figures()));
                }
            }
            require(isMarked(bed, "marked"), "the incomplete layer has lost its mark");

            ObjectNode report = new ObjectMapper().createObjectNode();
            print(figures, report);
            Path metadata = metadata(bed);
            for (String backend : List.of("fanotify", "fuse")) {
                ManyLayers.Figures many = ManyLayers.measure(bed, metadata, backend, layers);
                many.print(report);
            }
            if (json.isPresent()) {
                Files.writeString(json.get(), report.toPrettyString());
            }
        }
        return 0;
    }

    private Path image(TestBed bed) throws IOException {
        byte[] contents = new byte[mebibytes << 20];
        new Random(7).nextBytes(contents);
        byte[] rest = new byte[REST_BYTES];
        new Random(8).nextBytes(rest);
        return Estargz.build(
                "backends",
                List.of(List.of(TarEntry.file(FILE, contents), TarEntry.file(REST, rest))),
                bed.directory("i"));
    }

    private Path mounted(TestBed bed, String reference, String backend, String name) throws IOException {
        SluiceProcess.Settings settings = new SluiceProcess.Settings(
                distribution,
                bed.directory(name),
                bed.directory().resolve("none.sock"),
                backend,
                SluiceProcess.Settings.PATIENT + "prefetch = false\n");
        bed.add(SluiceProcess.start(settings));
        Path mountPoint = bed.directory("mnt-" + name);
        Command.of(
                        distribution.resolve("bin/sluice").toString(),
                        "mount",
                        reference,
                        mountPoint.toString(),
                        "--admin",
                        settings.adminSocket().toString())
                .run();
        return mountPoint;
    }

    private static boolean isMarked(TestBed bed, String name) throws IOException {
        Path marker = layer(bed, name).resolve("marked");
        if (name.equals("complete")) {
            return !Poll.until(COMPLETE, () -> !Files.exists(marker));
        }
        return Files.exists(marker);
    }

    private static Path layer(TestBed bed, String name) throws IOException {
        try (Stream<Path> directories = Files.list(bed.directory().resolve(name).resolve("root/layers"))) {
            return directories.findFirst().orElseThrow(() -> new IOException("no layer"));
        }
    }

    private static Path metadata(TestBed bed) throws IOException {
        return layer(bed, "marked").resolve("meta.erofs");
    }

    private static Path local(TestBed bed, Path file) throws IOException {
        Path tree = bed.directory("tree");
        Files.copy(file, tree.resolve(FILE), StandardCopyOption.REPLACE_EXISTING);
        Path image = bed.directory().resolve("local.erofs");
        Command.of("mkfs.erofs", image.toString(), tree.toString()).run();
        Path mountPoint = bed.directory("local");
        Linux.load().mounts().erofs(image, List.of(), mountPoint, List.of());
        return mountPoint.resolve(FILE);
    }

    private static Path overlay(TestBed bed, Path file) throws IOException {
        Path lower = bed.directory("lower");
        Files.copy(file, lower.resolve(FILE), StandardCopyOption.REPLACE_EXISTING);
        Path mountPoint = bed.directory("overlay");
        Command.of(
                        "mount",
                        "-t",
                        "overlay",
                        "-o",
                        "lowerdir=" + lower + ":" + bed.directory("empty"),
                        "overlay",
                        mountPoint.toString())
                .run();
        return mountPoint.resolve(FILE);
    }

    private static void measure(Path file, Figures figures) throws IOException {
        PageCache.drop();
        figures.add("pread, cold", FileReads.eachPageOnce(file));
        figures.add("pread, warm", FileReads.eachPageOnce(file));
        PageCache.drop();
        figures.add("mmap, cold", FileReads.eachPageMapped(file));
        figures.add("mmap, warm", FileReads.eachPageMapped(file));
        PageCache.drop();
        figures.add("cold", FileReads.sequential(file));
        figures.add("warm", FileReads.sequential(file));
    }

    private static void print(Map<String, Figures> figures, ObjectNode report) {
        List<String> operations = List.of("pread, cold", "pread, warm", "mmap, cold", "mmap, warm");
        System.out.println("| random 4 KiB, us: median / p99 / mean; sequential: MB/s | "
                + String.join(" | ", operations) + " | sequential, cold | sequential, warm |");
        System.out.println("|---|---|---|---|---|---|---|");
        figures.forEach((name, way) -> {
            ObjectNode node = report.putObject(name);
            StringBuilder line = new StringBuilder("| " + name);
            for (String operation : operations) {
                Latencies all = way.all(operation);
                line.append(String.format(
                        Locale.ROOT, " | %.1f / %.1f / %.1f", all.median(), all.percentile(99), all.mean()));
                node.putObject(operation)
                        .put("median_us", all.median())
                        .put("p99_us", all.percentile(99))
                        .put("mean_us", all.mean());
            }
            for (String temperature : List.of("cold", "warm")) {
                line.append(String.format(Locale.ROOT, " | %.0f", way.best(temperature)));
                node.put("sequential " + temperature + ", MB/s", way.best(temperature));
            }
            System.out.println(line + " |");
        });
        double event = difference(figures, "Sluice fanotify, present, marked", "Sluice fanotify, complete");
        System.out.printf(Locale.ROOT, "a fanotify event costs %.1f us (medians of cold pread)%n", event);
        report.put("fanotify_event_us", event);
    }

    private static double difference(Map<String, Figures> figures, String one, String other) {
        return median(figures, one) - median(figures, other);
    }

    private static double median(Map<String, Figures> figures, String name) {
        return figures.getOrDefault(name, new Figures()).all("pread, cold").median();
    }

    private static void require(boolean condition, String otherwise) throws IOException {
        if (!condition) {
            throw new IOException("Tried to measure but failed because: " + otherwise);
        }
    }
}
