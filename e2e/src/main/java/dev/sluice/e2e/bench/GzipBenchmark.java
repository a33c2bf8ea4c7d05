package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.layer.tar.Compression;
import dev.sluice.layer.tar.StreamDecoder;
import dev.sluice.layer.tar.StreamDecoders;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.ZlibBlocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** Restart points in a large gzip of real files: that ranges decode to the right bytes, and what they cost. */
@CommandLine.Command(
        name = "gzip",
        mixinStandardHelpOptions = true,
        description = "Checks and measures restart points in gzip.")
public final class GzipBenchmark implements Callable<Integer> {
    private static final int PIECE = 256 << 10;
    private static final int LONGEST_RANGE = 256 << 10;
    private static final int READ = 4096;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    @Option(names = "--tree", defaultValue = "/usr", description = "what is in the tar (${DEFAULT-VALUE})")
    private Path tree = Path.of("/usr");

    @Option(names = "--mib", defaultValue = "1024", description = "where the tar is cut off (${DEFAULT-VALUE})")
    private long mebibytes = 1024;

    @Option(
            names = "--ranges",
            defaultValue = "10000",
            description = "how many random ranges are compared, over all spacings (${DEFAULT-VALUE})")
    private int ranges = 10_000;

    @Option(
            names = "--reads",
            defaultValue = "1000",
            description = "how many reads of 4 KiB are measured for each spacing (${DEFAULT-VALUE})")
    private int reads = 1000;

    @Option(
            names = "--spacing",
            split = ",",
            defaultValue = "1,2,4,8",
            description = "decoded MiB between restart points (${DEFAULT-VALUE})")
    private int[] spacings = {1, 2, 4, 8};

    @Option(names = "--seed", description = "of the ranges; the time if it is not given")
    private long seed = System.nanoTime();

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new GzipBenchmark()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        try (TestBed bed = TestBed.create(Path.of("/var/tmp"))) {
            Path tar = bed.directory().resolve("tar");
            Path blob = bed.directory().resolve("tar.gz");
            make(tar, blob);
            System.out.printf(
                    Locale.ROOT,
                    "%d bytes of tar in %d bytes of gzip, seed %d%n",
                    Files.size(tar),
                    Files.size(blob),
                    seed);
            try (FileChannel tarBytes = FileChannel.open(tar);
                    FileChannel blobBytes = FileChannel.open(blob)) {
                measure(tarBytes, blobBytes);
            }
        }
        return 0;
    }

    /** The shell ends tar when there is enough. */
    private void make(Path tar, Path blob) throws IOException {
        String create = "tar --create --directory=\"$1\" . 2>/dev/null | head --bytes=" + mebibytes + "M >\"$2\"";
        Command.of("sh", "-c", create, "sh", tree.toString(), tar.toString())
                .withTimeout(PATIENCE)
                .run();
        Command.of("sh", "-c", "gzip --no-name <\"$1\" >\"$2\"", "sh", tar.toString(), blob.toString())
                .withTimeout(PATIENCE)
                .run();
    }

    private void measure(FileChannel tar, FileChannel blob) throws IOException {
        System.out.println("spacing  MB/s (CPU)   spans  auxiliary bytes  of the blob"
                + "  4 KiB: mean ms  p99 ms  CPU mean ms  CPU p99 ms  mean KiB of the blob");
        Random random = new Random(seed);
        for (int spacing : spacings) {
            long start = CpuTime.ofThread();
            SpanReads spans = index(tar, blob, (long) spacing << 20);
            double seconds = (CpuTime.ofThread() - start) / 1e9;
            for (int i = 0; i < ranges / spacings.length; i++) {
                int length = 1 + random.nextInt((int) Math.min(LONGEST_RANGE, tar.size()));
                spans.read(random.nextLong(tar.size() - length + 1), length);
            }
            SpanReads.Figures figures = spans.measure(reads, READ, random);
            System.out.printf(
                    Locale.ROOT,
                    "%3d MiB  %10.0f  %6d  %15d  %9.2f %%  %14.2f  %6.2f  %11.2f  %10.2f  %20.0f%n",
                    spacing,
                    tar.size() / 1e6 / seconds,
                    spans.count(),
                    spans.auxiliaryBytes(),
                    100.0 * spans.auxiliaryBytes() / blob.size(),
                    figures.wall().mean() / 1e3,
                    figures.wall().percentile(99) / 1e3,
                    figures.cpu().mean() / 1e3,
                    figures.cpu().percentile(99) / 1e3,
                    figures.meanBlobBytes() / 1024);
        }
        System.out.printf(Locale.ROOT, "%d random ranges had the right bytes%n", ranges);
    }

    /** Decodes the blob as a whole, and compares it with the tar. */
    private static SpanReads index(FileChannel tar, FileChannel blob, long spacing) throws IOException {
        StreamDecoders decoders = new StreamDecoders(ZlibBlocks.factory(Zlib.load()));
        Comparison comparison = new Comparison(tar);
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (StreamDecoder stream = decoders.open(Compression.GZIP, spacing)) {
            for (long at = 0; at < blob.size(); at += piece.limit()) {
                SpanReads.readFully(blob, at, piece.clear().limit((int) Math.min(PIECE, blob.size() - at)));
                stream.decode(piece, comparison);
            }
            stream.finish(comparison);
            if (comparison.position != tar.size()) {
                throw new IOException("decoded " + comparison.position + " of " + tar.size() + " bytes");
            }
            return new SpanReads(tar, blob, stream.spans(), stream.spanDecoder());
        }
    }

    /** Insists that the output is the tar. */
    private static final class Comparison implements StreamDecoder.Output {
        private final FileChannel tar;
        private ByteBuffer expected = ByteBuffer.allocateDirect(1 << 20);
        private long position;

        Comparison(FileChannel tar) {
            this.tar = tar;
        }

        @Override
        public void accept(ByteBuffer decoded) throws IOException {
            if (expected.capacity() < decoded.remaining()) {
                expected = ByteBuffer.allocateDirect(decoded.remaining());
            }
            SpanReads.readFully(tar, position, expected.clear().limit(decoded.remaining()));
            if (!expected.equals(decoded)) {
                throw new IOException("other bytes than those of the tar after " + position);
            }
            position += decoded.remaining();
        }
    }
}
