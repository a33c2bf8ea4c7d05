package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.SluiceProcess;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Mounts.UnmountFlag;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** Reads of the largest file of an image, cold and warm, through Sluice and in plain ways. */
public final class ReadBenchmark {
    private static final DebianImage IMAGE =
            new DebianImage("bench-node", List.of(List.of("ca-certificates"), List.of("nodejs")));
    private static final int PAGE = 4096;
    private static final int COLD_READS = 20;
    private static final int WARM_READS = 20_000;
    private static final long SEED = 42;

    private ReadBenchmark() {}

    /** @param arguments the directory of the distribution */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path distribution = Path.of(arguments[0]).toAbsolutePath();
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            Path layout = Estargz.build(IMAGE, bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/bench:latest";
            ImagePublisher.push(layout, DebianImage.TAG, reference);
            new Run(bed, registry, reference, distribution).all();
        }
    }

    private record Run(TestBed bed, RegistryProcess registry, String reference, Path distribution) {
        void all() throws IOException, InterruptedException {
            Path mountPoint = bed.directory("mnt");
            SluiceProcess.Settings settings = settings("a");
            bed.add(SluiceProcess.start(settings));
            String sluice = distribution.resolve("bin/sluice").toString();
            String admin = settings.adminSocket().toString();
            Command.of(sluice, "mount", reference, mountPoint.toString(), "--admin", admin)
                    .run();
            try {
                measure(mountPoint);
            } finally {
                Command.of(sluice, "umount", mountPoint.toString(), "--admin", admin)
                        .run();
            }
        }

        private void measure(Path mountPoint) throws IOException, InterruptedException {
            Path file = largestFile(mountPoint);
            long size = Files.size(file);
            System.out.printf("largest file: %s, %d bytes%n", file.getFileName(), size);

            AccessLog before = registry.accessLog();
            double[] cold = latencies(file, COLD_READS, size / COLD_READS);
            AccessLog fetched = registry.accessLog().since(before);
            print("cold 4 KiB through Sluice", cold);
            System.out.printf(
                    "  %d requests, %d bytes each%n",
                    fetched.requests().size(),
                    fetched.bytes() / Math.max(1, fetched.requests().size()));
            Map.Entry<String, Long> blob = largestBlob(fetched);
            int range = (int) (fetched.bytes() / Math.max(1, fetched.requests().size()));
            double[] bare = bareRanges(blob.getKey(), range);
            print("bare range request of as many bytes", bare);
            ratio("cold 4 KiB / bare range", median(cold), median(bare));

            Command.of("sh", "-c", "cat '" + file + "' > /dev/null").run();
            double[] warm = warm(file, size);
            print("4 KiB, bytes present, page cache dropped", warm);
            double local = local(file, size);
            ratio("the same / fully local EROFS", median(warm), local);
            sequential(distribution, blob.getKey());
        }

        private void sequential(Path from, String digest) throws IOException, InterruptedException {
            Path mountPoint = bed.directory("mnt2");
            SluiceProcess.Settings settings = settings("b");
            bed.add(SluiceProcess.start(settings));
            String sluice = from.resolve("bin/sluice").toString();
            String admin = settings.adminSocket().toString();
            Command.of(sluice, "mount", reference, mountPoint.toString(), "--admin", admin)
                    .run();
            try {
                AccessLog before = registry.accessLog();
                long start = System.nanoTime();
                Command.of("sh", "-c", "cat '" + largestFile(mountPoint) + "' > /dev/null")
                        .run();
                double seconds = (System.nanoTime() - start) / 1e9;
                AccessLog log = registry.accessLog().since(before);
                double sluiceRate = log.bytes() / seconds / 1e6;
                start = System.nanoTime();
                long bytes = get(digest, "bytes=0-").length;
                double curlRate = bytes / ((System.nanoTime() - start) / 1e9) / 1e6;
                System.out.printf(
                        "cold sequential: %.1f MB/s of compressed bytes in %d requests; plain download %.1f MB/s%n",
                        sluiceRate, log.requests().size(), curlRate);
                ratio("cold sequential / plain download", sluiceRate, curlRate);
            } finally {
                Command.of(sluice, "umount", mountPoint.toString(), "--admin", admin)
                        .run();
            }
        }

        private SluiceProcess.Settings settings(String name) throws IOException {
            return new SluiceProcess.Settings(
                    distribution, bed.directory(name), bed.directory().resolve("none.sock"), "fuse", "");
        }

        private double[] warm(Path file, long size) throws IOException {
            PageCache.drop();
            return randomReads(file, size);
        }

        private double local(Path file, long size) throws IOException {
            Path tree = bed.directory("tree");
            Files.copy(file, tree.resolve("file"), StandardCopyOption.REPLACE_EXISTING);
            Path image = bed.directory().resolve("local.erofs");
            Command.of("mkfs.erofs", image.toString(), tree.toString()).run();
            Path mountPoint = bed.directory("local");
            Linux linux = Linux.load();
            linux.mounts().erofs(image, List.of(), mountPoint, List.of());
            try {
                PageCache.drop();
                double[] reads = randomReads(mountPoint.resolve("file"), size);
                print("4 KiB of a fully local EROFS, page cache dropped", reads);
                return median(reads);
            } finally {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
        }

        private double[] bareRanges(String digest, int length) throws IOException, InterruptedException {
            double[] latencies = new double[COLD_READS];
            for (int i = 0; i < COLD_READS; i++) {
                long start = System.nanoTime();
                int received = get(digest, "bytes=" + (long) i * length + "-" + ((i + 1L) * length - 1)).length;
                latencies[i] = (System.nanoTime() - start) / 1e3;
                if (received == 0) {
                    throw new IOException("an empty answer of the registry");
                }
            }
            return latencies;
        }

        private byte[] get(String digest, String range) throws IOException, InterruptedException {
            String repository = reference.substring(reference.indexOf('/') + 1, reference.lastIndexOf(':'));
            URI uri = URI.create("http://" + registry.address() + "/v2/" + repository + "/blobs/" + digest);
            return HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).header("Range", range).build(), BodyHandlers.ofByteArray())
                    .body();
        }
    }

    private static Map.Entry<String, Long> largestBlob(AccessLog log) throws IOException {
        return log.bytesByDigest().entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow(() -> new IOException("nothing was fetched"));
    }

    private static Path largestFile(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("usr"))) {
            return files.filter(Files::isRegularFile)
                    .max(Comparator.comparingLong(file -> file.toFile().length()))
                    .orElseThrow(() -> new IOException("no file"));
        }
    }

    /** Microseconds of single reads, {@code stride} bytes apart. */
    private static double[] latencies(Path file, int count, long stride) throws IOException {
        double[] latencies = new double[count];
        ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < count; i++) {
                // From the end to the start, so that no read-ahead covers the next one.
                long offset = (count - 1 - i) * stride / PAGE * PAGE;
                long start = System.nanoTime();
                channel.read(page.clear(), offset);
                latencies[i] = (System.nanoTime() - start) / 1e3;
            }
        }
        return latencies;
    }

    private static double[] randomReads(Path file, long size) throws IOException {
        Random random = new Random(SEED);
        double[] latencies = new double[WARM_READS];
        ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < WARM_READS; i++) {
                long offset = random.nextLong(size / PAGE) * PAGE;
                long start = System.nanoTime();
                channel.read(page.clear(), offset);
                latencies[i] = (System.nanoTime() - start) / 1e3;
            }
        }
        return latencies;
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void print(String what, double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        System.out.printf(
                "%s: median %.1f us, p95 %.1f us, mean %.1f us%n",
                what,
                median(values),
                sorted[sorted.length * 95 / 100],
                Arrays.stream(values).average().orElse(0));
    }

    private static void ratio(String what, double value, double base) {
        System.out.printf("  ratio %s: %.2f%n", what, value / base);
    }
}
