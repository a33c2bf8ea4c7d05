package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.Poll;
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
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads of the largest file of an image, cold and warm, through Sluice and in plain ways. */
public final class ReadBenchmark {
    private static final DebianImage IMAGE =
            new DebianImage("bench-node", List.of(List.of("ca-certificates"), List.of("nodejs")));
    /** What {@code ctr-remote} compresses at once. */
    private static final int CHUNK = 4 << 20;

    private static final Duration LOG_SETTLES = Duration.ofSeconds(10);

    private ReadBenchmark() {}

    /** @param arguments the directory of the distribution */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        Path distribution = Path.of(arguments[0]).toAbsolutePath();
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            Path layout = Estargz.build(IMAGE, bed.directory("i"));
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/bench:latest";
            ImagePublisher.push(layout, DebianImage.TAG, reference);
            new Run(bed, registry, HttpClient.newHttpClient(), reference, distribution).all();
        }
    }

    private record Run(TestBed bed, RegistryProcess registry, HttpClient client, String reference, Path distribution) {
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
            Path file = largestFiles(mountPoint).get(0);
            long size = Files.size(file);
            System.out.printf("largest file: %s, %d bytes%n", file.getFileName(), size);

            AccessLog before = registry.accessLog();
            Latencies cold = coldReads(file, size);
            AccessLog fetched = fetchedSince(before);
            print("cold 4 KiB through Sluice", cold);
            int range = (int) (fetched.bytes() / fetched.requests().size());
            System.out.printf(
                    "  %d requests, %d bytes each: a chunk of the image is the least that can be verified%n",
                    fetched.requests().size(), range);
            String blob = largestBlob(fetched).getKey();
            Latencies bare = bareRanges(blob, cold.micros().length, range);
            print("bare range request of as many bytes", bare);
            ratio("cold 4 KiB / bare range", cold.median(), bare.median());

            read(file);
            PageCache.drop();
            Latencies warm = FileReads.eachPageOnce(file);
            print("4 KiB, bytes present, page cache dropped", warm);
            print("4 KiB, bytes in the page cache", FileReads.eachPageOnce(file));
            Latencies local = local(file);
            print("4 KiB of a fully local EROFS, page cache dropped", local);
            ratio("median, the same / fully local EROFS", warm.median(), local.median());
            ratio("mean, the same / fully local EROFS", warm.mean(), local.mean());
            sequential(blob);
        }

        /** The second largest file first, by a daemon that was just started; then the largest, by one that has done this before. */
        private void sequential(String digest) throws IOException, InterruptedException {
            Path mountPoint = bed.directory("mnt2");
            SluiceProcess.Settings settings = settings("b");
            bed.add(SluiceProcess.start(settings));
            String sluice = distribution.resolve("bin/sluice").toString();
            String admin = settings.adminSocket().toString();
            Command.of(sluice, "mount", reference, mountPoint.toString(), "--admin", admin)
                    .run();
            try {
                List<Path> files = largestFiles(mountPoint);
                double fresh = coldSequential("by a daemon that was just started", files.get(1));
                double used = coldSequential("by a daemon in use", files.get(0));
                double plain = download(digest, List.of("cat"), Redirect.DISCARD);
                System.out.printf("plain download of the layer: %.1f MB/s%n", plain);
                Path gzip = bed.directory().resolve("gzip");
                double unpacked = download(digest, List.of("gzip", "-dc"), Redirect.to(gzip.toFile()));
                System.out.printf("download and gzip -d of the layer into a file: %.1f MB/s%n", unpacked);
                ratio("cold sequential / plain download, daemon just started", fresh, plain);
                ratio("cold sequential / plain download, daemon in use", used, plain);
                ratio("cold sequential / download and gzip -d, daemon in use", used, unpacked);
            } finally {
                Command.of(sluice, "umount", mountPoint.toString(), "--admin", admin)
                        .run();
            }
        }

        /** Compressed megabytes per second. */
        private double coldSequential(String how, Path file) throws IOException {
            AccessLog before = registry.accessLog();
            double seconds = read(file);
            AccessLog log = fetchedSince(before);
            double rate = log.bytes() / seconds / 1e6;
            System.out.printf(
                    "cold sequential %s: %.1f MB/s of compressed bytes, %.1f MB/s of the file, in %d requests%n",
                    how, rate, Files.size(file) / seconds / 1e6, log.requests().size());
            return rate;
        }

        /** Seconds that {@code cat} takes. */
        private static double read(Path file) throws IOException {
            long start = System.nanoTime();
            Command.of("sh", "-c", "cat '" + file + "' > /dev/null").run();
            return (System.nanoTime() - start) / 1e9;
        }

        /** Compressed megabytes per second, of a blob that a program reads. */
        private double download(String digest, List<String> program, Redirect output)
                throws IOException, InterruptedException {
            ProcessBuilder consumer = new ProcessBuilder(program).redirectOutput(output);
            long start = System.nanoTime();
            Process process = consumer.start();
            long bytes;
            try (InputStream in = client.send(
                                    HttpRequest.newBuilder(uri(digest)).build(), BodyHandlers.ofInputStream())
                            .body();
                    OutputStream out = process.getOutputStream()) {
                bytes = in.transferTo(out);
            } finally {
                process.getOutputStream().close();
            }
            if (process.waitFor() != 0) {
                throw new IOException(program + " cannot read the blob");
            }
            return bytes / ((System.nanoTime() - start) / 1e9) / 1e6;
        }

        /** The registry writes its log a moment after it has answered. */
        private AccessLog fetchedSince(AccessLog before) throws IOException {
            AccessLog[] fetched = {registry.accessLog().since(before)};
            Poll.until(LOG_SETTLES, () -> {
                int seen = fetched[0].requests().size();
                fetched[0] = registry.accessLog().since(before);
                return seen > 0 && fetched[0].requests().size() == seen;
            });
            if (fetched[0].requests().isEmpty()) {
                throw new IOException("nothing was fetched");
            }
            return fetched[0];
        }

        private SluiceProcess.Settings settings(String name) throws IOException {
            return new SluiceProcess.Settings(
                    distribution, bed.directory(name), bed.directory().resolve("none.sock"), "fuse", "");
        }

        private Latencies local(Path file) throws IOException {
            Path tree = bed.directory("tree");
            Files.copy(file, tree.resolve("file"), StandardCopyOption.REPLACE_EXISTING);
            Path image = bed.directory().resolve("local.erofs");
            Command.of("mkfs.erofs", image.toString(), tree.toString()).run();
            Path mountPoint = bed.directory("local");
            Linux linux = Linux.load();
            linux.mounts().erofs(image, List.of(), mountPoint, List.of());
            try {
                PageCache.drop();
                return FileReads.eachPageOnce(mountPoint.resolve("file"));
            } finally {
                linux.mounts().unmount(mountPoint, UnmountFlag.DETACH);
            }
        }

        private Latencies bareRanges(String digest, int count, int length) throws IOException, InterruptedException {
            double[] latencies = new double[count];
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                int received = get(digest, "bytes=" + (long) i * length + "-" + ((i + 1L) * length - 1)).length;
                latencies[i] = (System.nanoTime() - start) / 1e3;
                if (received == 0) {
                    throw new IOException("an empty answer of the registry");
                }
            }
            return new Latencies(latencies);
        }

        private byte[] get(String digest, String range) throws IOException, InterruptedException {
            return client.send(
                            HttpRequest.newBuilder(uri(digest))
                                    .header("Range", range)
                                    .build(),
                            BodyHandlers.ofByteArray())
                    .body();
        }

        private URI uri(String digest) {
            String repository = reference.substring(reference.indexOf('/') + 1, reference.lastIndexOf(':'));
            return URI.create("http://" + registry.address() + "/v2/" + repository + "/blobs/" + digest);
        }
    }

    private static Map.Entry<String, Long> largestBlob(AccessLog log) throws IOException {
        return log.bytesByDigest().entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .orElseThrow(() -> new IOException("nothing was fetched"));
    }

    /** The largest first. */
    private static List<Path> largestFiles(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root.resolve("usr"))) {
            return files.filter(Files::isRegularFile)
                    .sorted(Comparator.comparingLong(
                                    (Path file) -> file.toFile().length())
                            .reversed())
                    .limit(2)
                    .toList();
        }
    }

    /** Microseconds of a read in each chunk. */
    private static Latencies coldReads(Path file, long size) throws IOException {
        int count = (int) (size / CHUNK);
        double[] latencies = new double[count];
        ByteBuffer page = ByteBuffer.allocateDirect(FileReads.PAGE);
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < count; i++) {
                // From the end to the start, so that no read-ahead covers the next one.
                long offset = (long) (count - 1 - i) * CHUNK + CHUNK / 2;
                long start = System.nanoTime();
                channel.read(page.clear(), offset);
                latencies[i] = (System.nanoTime() - start) / 1e3;
            }
        }
        return new Latencies(latencies);
    }

    private static void print(String what, Latencies latencies) {
        System.out.printf(
                "%s: median %.1f us, p95 %.1f us, mean %.1f us%n",
                what, latencies.median(), latencies.percentile(95), latencies.mean());
    }

    private static void ratio(String what, double value, double base) {
        System.out.printf("  ratio %s: %.2f%n", what, value / base);
    }
}
