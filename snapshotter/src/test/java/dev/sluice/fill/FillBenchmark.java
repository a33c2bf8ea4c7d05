package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.layer.Blob;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the fill engine adds to the work that cannot be avoided. {@code present} is what a read of bytes that are here pays; {@code cold}
 * fetches (from memory), verifies and writes one span, and {@code digestAndWrite} does that without an engine. To be run by
 * {@code e2e/bench/jmh}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class FillBenchmark {
    private static final int SPAN = 64 << 10;
    private static final int SPANS = 64;

    private final Linux linux = Linux.load();
    private Path directory;
    private TestLayer source;
    private SparseFileDevice device;
    private FillEngine engine;
    private LayerFill layer;
    private FileChannel bare;
    private ByteBuffer bytes;
    private MessageDigest sha256;
    private int next;

    /** Hands out a part of an array, in pieces as a socket does. */
    private record ArrayBlob(byte[] bytes) implements Blob {
        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public ReadableByteChannel read(long offset, long length, Source source) {
            ByteBuffer left = ByteBuffer.wrap(bytes, (int) offset, (int) length);
            return new ReadableByteChannel() {
                @Override
                public int read(ByteBuffer into) {
                    if (!left.hasRemaining()) {
                        return -1;
                    }
                    int count = Math.min(Math.min(into.remaining(), left.remaining()), 16 << 10);
                    into.put(into.position(), left, left.position(), count);
                    into.position(into.position() + count);
                    left.position(left.position() + count);
                    return count;
                }

                @Override
                public boolean isOpen() {
                    return true;
                }

                @Override
                public void close() {}
            };
        }
    }

    /** A layer of which nothing is here yet, anew for each round. */
    @State(Scope.Benchmark)
    public static class ColdLayer {
        private SparseFileDevice device;
        private LayerFill layer;

        @Setup(Level.Invocation)
        public void open(FillBenchmark benchmark) throws IOException {
            device = benchmark.device("cold");
            layer = benchmark.layer(device);
        }

        @TearDown(Level.Invocation)
        public void close(FillBenchmark benchmark) throws IOException {
            layer.close();
            device.close();
            benchmark.delete("cold");
        }
    }

    @Setup(Level.Trial)
    public void open() throws Exception {
        directory = Files.createTempDirectory("fill-benchmark");
        source = TestLayer.plain(SPANS, SPAN);
        FillOptions options = new FillOptions(4, 2, 16 << 20, 1 << 20, 0, Duration.ofHours(1), Duration.ofSeconds(10));
        engine = new FillEngine(options, List.of(new IdentityDecoder(), new GzipDecoder()));
        device = device("warm");
        layer = layer(device);
        layer.fill(0, device.size(), Priority.DEMAND).get();
        bare = FileChannel.open(directory.resolve("bare"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        bytes = ByteBuffer.allocateDirect(SPAN).put(source.blob(), 0, SPAN).flip();
        sha256 = MessageDigest.getInstance("SHA-256");
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        engine.close();
        device.close();
        bare.close();
        delete("warm");
        Files.delete(directory.resolve("bare"));
        Files.delete(directory);
    }

    private SparseFileDevice device(String name) throws IOException {
        return SparseFileDevice.open(
                linux,
                directory.resolve(name),
                directory.resolve(name + ".present"),
                source.table().deviceSize(),
                new BootId(new UUID(1, 2)));
    }

    private LayerFill layer(DataDevice of) {
        return engine.open("sha256:benchmark", new ArrayBlob(source.blob()), source.table(), of);
    }

    private void delete(String name) throws IOException {
        Files.delete(directory.resolve(name));
        Files.delete(directory.resolve(name + ".present"));
    }

    @Benchmark
    public CompletableFuture<Void> present() {
        return layer.fill((long) nextSpan() * SPAN, PAGE, Priority.DEMAND);
    }

    @Benchmark
    @OperationsPerInvocation(SPANS)
    public void cold(ColdLayer cold) throws Exception {
        for (long offset = 0; offset < cold.device.size(); offset += SPAN) {
            cold.layer.fill(offset, PAGE, Priority.DEMAND).get();
        }
    }

    @Benchmark
    public Object digestAndWrite() throws IOException {
        sha256.update(bytes.duplicate());
        bare.write(bytes.duplicate(), (long) nextSpan() * SPAN);
        return sha256.digest();
    }

    private int nextSpan() {
        next = (next + 1) % SPANS;
        return next;
    }
}
