package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.IdentityDecoder;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.io.TempDir;

class FillEnginePropertyTest {
    private static final List<Priority> PRIORITIES = List.of(Priority.values());
    private static final int READERS = 6;
    private static final int READS = 60;

    @TempDir
    Path directory;

    /** What a read that succeeds sees is right, whatever the network does and whoever gives up; in the end everything can be had. */
    @RepeatedTest(60)
    void whateverHappensBytesAreRight() throws Exception {
        long seed = System.nanoTime();
        try {
            run(seed);
        } catch (Exception | AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void run(long seed) throws Exception {
        Random random = new Random(seed);
        TestLayer layer = TestLayer.random(random);
        ScriptedBlob blob = new ScriptedBlob(layer.blob());
        Random faults = new Random(random.nextLong());
        blob.script(request -> misbehave(request, faults));
        FillOptions options = new FillOptions(
                1 + random.nextInt(6),
                1 + random.nextInt(3),
                1 + random.nextInt(2_000_000),
                1 + random.nextInt(500_000),
                random.nextInt(3) * 100_000L,
                Duration.ofMillis(1 + random.nextInt(50)),
                Duration.ofMillis(1 + random.nextInt(50)));
        Path files = Files.createDirectory(directory.resolve("" + seed));
        ExecutorService readers = Executors.newFixedThreadPool(READERS);
        try (SparseFileDevice device = FilledFixture.openDevice(files, layer, new BootId(new UUID(1, 2)));
                FillEngine engine = new FillEngine(options, List.of(new IdentityDecoder(), new GzipDecoder()));
                LayerFill fill = engine.open("sha256:" + seed, blob, layer.table(), device)) {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < READERS; i++) {
                long readerSeed = random.nextLong();
                running.add(readers.submit(() -> read(new Random(readerSeed), layer, fill)));
            }
            for (Future<?> reader : running) {
                reader.get(60, TimeUnit.SECONDS);
            }
            blob.script(ScriptedBlob.Request::bytes);
            fill.fill(0, device.size(), Priority.BACKGROUND).get(60, TimeUnit.SECONDS);

            assertThat(device.firstAbsent(0)).isEqualTo(device.size());
            assertThat(Pages.read(device, 0, layer.contents().length))
                    .isEqualTo(layer.contents(0, layer.contents().length));
        } finally {
            readers.shutdown();
            Files.deleteIfExists(files.resolve("data"));
        }
    }

    private static Void read(Random random, TestLayer layer, LayerFill fill) throws Exception {
        int size = layer.contents().length;
        for (int i = 0; i < READS; i++) {
            int offset = random.nextInt(size);
            int length =
                    1 + random.nextInt(Math.min(size - offset, random.nextBoolean() ? 200_000 : 2 * DataDevice.PAGE));
            CompletableFuture<Void> future =
                    fill.fill(offset, length, PRIORITIES.get(random.nextInt(PRIORITIES.size())));
            if (random.nextInt(4) == 0) {
                future.cancel(false);
            }
            try {
                future.get(60, TimeUnit.SECONDS);
            } catch (CancellationException e) {
                continue;
            } catch (ExecutionException e) {
                assertThat(e).hasCauseInstanceOf(IOException.class);
                continue;
            }
            assertThat(Pages.read(fill.device(), offset, length)).isEqualTo(layer.contents(offset, length));
        }
        return null;
    }

    private static ReadableByteChannel misbehave(ScriptedBlob.Request request, Random faults) throws IOException {
        synchronized (faults) {
            long somewhere = request.offset() + faults.nextInt(request.length());
            switch (faults.nextInt(8)) {
                case 0 -> throw new IOException("refused by a script");
                case 1 -> {
                    return request.breakingAt(somewhere);
                }
                case 2, 3 -> {
                    return request.withWrongByte(somewhere);
                }
                default -> {
                    return request.bytes();
                }
            }
        }
    }
}
