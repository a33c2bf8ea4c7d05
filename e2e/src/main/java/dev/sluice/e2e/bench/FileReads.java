package dev.sluice.e2e.bench;

import dev.sluice.e2e.host.Poll;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;

/** Ways to read a file, timed. */
final class FileReads {
    static final int PAGE = 4096;
    private static final int LARGE = 1 << 20;
    private static final long SEED = 42;
    private static final Duration UNMAPPED = Duration.ofMinutes(1);

    private FileReads() {}

    /** Reads of all whole pages, once each, in an order that no read-ahead can guess. */
    static Latencies eachPageOnce(Path file) throws IOException {
        ByteBuffer page = ByteBuffer.allocateDirect(PAGE);
        try (FileChannel channel = FileChannel.open(file)) {
            List<Long> pages = shuffledPages(channel.size());
            double[] micros = new double[pages.size()];
            for (int i = 0; i < micros.length; i++) {
                long start = System.nanoTime();
                channel.read(page.clear(), pages.get(i) * PAGE);
                micros[i] = (System.nanoTime() - start) / 1e3;
            }
            return new Latencies(micros);
        }
    }

    /** The first byte of all whole pages of a mapping, in the same order; the kernel maps neighbours, too. */
    static Latencies eachPageMapped(Path file) throws IOException {
        Latencies latencies = touchEachPage(file);
        // The page cache does not let pages go that are mapped.
        if (!Poll.until(UNMAPPED, () -> !isMapped(file))) {
            throw new IOException("Tried to unmap " + file + " but the collector keeps it");
        }
        return latencies;
    }

    private static boolean isMapped(Path file) throws IOException {
        System.gc();
        return Files.readString(Path.of("/proc/self/maps")).contains(file.toString());
    }

    private static Latencies touchEachPage(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            MappedByteBuffer mapping = channel.map(MapMode.READ_ONLY, 0, channel.size());
            List<Long> pages = shuffledPages(channel.size());
            double[] micros = new double[pages.size()];
            int sum = 0;
            for (int i = 0; i < micros.length; i++) {
                long start = System.nanoTime();
                sum += mapping.get(Math.toIntExact(pages.get(i) * PAGE));
                micros[i] = (System.nanoTime() - start) / 1e3;
            }
            if (sum == 0) {
                throw new IOException("Tried to read " + file + " but its bytes add up to nothing");
            }
            return new Latencies(micros);
        }
    }

    /** From its beginning to its end, in megabytes per second. */
    static double sequential(Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(LARGE);
        try (FileChannel channel = FileChannel.open(file)) {
            long start = System.nanoTime();
            long bytes = 0;
            int read = channel.read(buffer);
            while (read >= 0) {
                bytes += read;
                read = channel.read(buffer.clear());
            }
            return bytes * 1e3 / (System.nanoTime() - start);
        }
    }

    private static List<Long> shuffledPages(long size) {
        List<Long> pages =
                new ArrayList<>(LongStream.range(0, size / PAGE).boxed().toList());
        Collections.shuffle(pages, new Random(SEED));
        return pages;
    }
}
