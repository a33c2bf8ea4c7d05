package dev.sluice.layer.tar;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.StreamSpan;
import dev.sluice.linux.Zlib;
import dev.sluice.mount.ZlibBlocks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to keep restart points while gzip is decoded, and to begin at one. All of it works on the same 64 MiB, {@code inflater}
 * without restart points and digests; {@code span} decodes one span. To be run by {@code e2e/bench/jmh}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 5, time = 2)
public class GzipBenchmark {
    private static final int SIZE = 64 << 20;
    private static final int PIECE = 256 << 10;

    private final StreamDecoders decoders = new StreamDecoders(ZlibBlocks.factory(Zlib.load()));
    private ByteBuffer blob;
    private ByteBuffer decoded;

    /** The spans of one spacing. */
    @State(Scope.Benchmark)
    public static class Spans {
        @Param({"1", "4"})
        private int spacingMib;

        private Decoder decoder;
        private List<StreamSpan> spans;
        private int next;

        @Setup(Level.Trial)
        public void decode(GzipBenchmark benchmark) throws IOException {
            try (StreamDecoder stream = benchmark.decoders.open(Compression.GZIP, (long) spacingMib << 20)) {
                benchmark.read(stream);
                spans = stream.spans();
                decoder = stream.spanDecoder();
            }
        }
    }

    @Setup(Level.Trial)
    public void open() {
        byte[] member = Gzip.member(text(new Random(1)), 6);
        blob = ByteBuffer.allocateDirect(member.length).put(member).flip();
        decoded = ByteBuffer.allocateDirect(SIZE);
    }

    @Benchmark
    public List<StreamSpan> stream(Spans spans) throws IOException {
        try (StreamDecoder stream = decoders.open(Compression.GZIP, (long) spans.spacingMib << 20)) {
            read(stream);
            return stream.spans();
        }
    }

    @Benchmark
    public long inflater() throws DataFormatException {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(blob.duplicate().position(10));
            ByteBuffer out = decoded.clear().limit(PIECE);
            while (!inflater.finished()) {
                inflater.inflate(out.position(0));
            }
            return inflater.getBytesWritten();
        } finally {
            inflater.end();
        }
    }

    @Benchmark
    public ByteBuffer span(Spans spans) throws IOException {
        StreamSpan span = spans.spans.get(spans.next++ % spans.spans.size());
        decoded.clear().limit((int) span.decodedLength());
        spans.decoder.decode(
                blob.slice((int) span.blobOffset(), (int) span.blobLength()),
                ByteBuffer.wrap(span.auxiliary()),
                decoded);
        return decoded;
    }

    private void read(StreamDecoder stream) throws IOException {
        for (int at = 0; at < blob.limit(); at += PIECE) {
            stream.decode(blob.slice(at, Math.min(PIECE, blob.limit() - at)), bytes -> {});
        }
        stream.finish(bytes -> {});
    }

    /** Words of a made-up language, which deflate to about a third. */
    private static byte[] text(Random random) {
        byte[][] words = new byte[5000][];
        for (int i = 0; i < words.length; i++) {
            words[i] = new byte[2 + random.nextInt(9)];
            random.nextBytes(words[i]);
        }
        ByteBuffer text = ByteBuffer.allocate(SIZE);
        while (text.hasRemaining()) {
            byte[] word = words[(int) (words.length * Math.pow(random.nextDouble(), 3))];
            text.put(word, 0, Math.min(word.length, text.remaining()));
        }
        return text.array();
    }
}
