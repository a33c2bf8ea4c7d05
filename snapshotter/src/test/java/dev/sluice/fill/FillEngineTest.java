package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.SpanTableBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FillEngineTest {
    private static final int SPAN = 4 * PAGE;

    @TempDir
    Path directory;

    private final List<FilledFixture> opened = new ArrayList<>();
    /** Opened in the end, so that no thread is left behind a failed assertion. */
    private final CountDownLatch gate = new CountDownLatch(1);

    @AfterEach
    void closeAll() throws Exception {
        gate.countDown();
        for (FilledFixture fixture : opened) {
            fixture.close();
        }
    }

    @Test
    void aFilledRangeIsPresentAndRight() throws Exception {
        TestLayer layer = TestLayer.plain(4, SPAN);
        FilledFixture fixture = open(layer, FilledFixture.options(4, 0));

        fixture.fill(SPAN + 10, 20).get();

        assertThat(fixture.device().isPresent(SPAN, SPAN)).isTrue();
        assertThat(fixture.device().presentBytes()).isEqualTo(SPAN);
        fixture.assertRight(SPAN, SPAN);
    }

    @Test
    void whatIsPresentNeedsNoRequest() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(1, SPAN), FilledFixture.options(4, 0));
        fixture.fill(0, SPAN).get();

        assertThat(fixture.fill(5, 5)).isCompleted();
        assertThat(fixture.fill(SPAN - 1, 5_000)).as("beyond the end").isCompleted();
        assertThat(fixture.fill(Long.MAX_VALUE, Long.MAX_VALUE)).isCompleted();
        assertThat(fixture.blob().requests()).hasSize(1);
    }

    @Test
    void twoHundredReadersOfOneColdBlockMakeOneRequest() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), FilledFixture.options(16, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        int readers = 200;
        CountDownLatch asked = new CountDownLatch(readers);
        CountDownLatch answered = new CountDownLatch(readers);
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < readers; i++) {
            long offset = i % SPAN;
            Thread thread = new Thread(() -> {
                CompletableFuture<Void> future = fixture.fill(offset, 1);
                asked.countDown();
                future.join();
                answered.countDown();
            });
            thread.start();
            threads.add(thread);
        }
        asked.await();
        gate.countDown();
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(answered.getCount()).isZero();
        fixture.assertRight(0, SPAN);
        assertThat(fixture.blob().requests()).hasSize(1);
    }

    @Test
    void neighboursShareARequest() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(16, SPAN), FilledFixture.options(4, 0));

        fixture.fill(2 * SPAN, 10 * SPAN).get();

        assertThat(fixture.blob().requests()).hasSize(1);
        assertThat(fixture.device().presentBytes()).isEqualTo(10 * SPAN);
    }

    @Test
    void spansThatOverlapInTheBlobShareARequest() throws Exception {
        byte[] blob = Pages.random(4, 1).array();
        SpanTableBuilder builder = new SpanTableBuilder(blob.length);
        for (int i = 0; i < 4; i++) {
            int from = Math.max(0, i * PAGE - 100);
            byte[] bytes = Arrays.copyOfRange(blob, from, (i + 1) * PAGE);
            int span = builder.addSpan(
                    from, bytes.length, new IdentityDecoder(), new byte[0], Optional.of(TestLayer.sha256(bytes)));
            builder.addExtent(span, i * PAGE - from, PAGE, (long) i * PAGE, Optional.empty());
        }
        TestLayer layer = new TestLayer(builder.build(blob.length), blob, blob);
        FilledFixture fixture = open(layer, FilledFixture.options(4, 0));

        fixture.fill(0, 4 * PAGE).get();

        fixture.assertRight(0, 4 * PAGE);
        assertThat(fixture.statistics().mismatches()).isZero();
        assertThat(fixture.statistics().requests()).isEqualTo(1);
        assertThat(fixture.statistics().bytesFetched()).isEqualTo(4 * PAGE);
    }

    @Test
    void aSharedPageIsPresentOnlyWhenBothSpansAreKnown() throws Exception {
        TestLayer layer = TestLayer.plain(3, PAGE + 1000);
        FilledFixture fixture = open(layer, FilledFixture.options(4, 0));

        fixture.fill(0, 1).get();
        assertThat(fixture.device().isPresent(0, PAGE)).isTrue();
        assertThat(fixture.device().isPresent(PAGE, 1))
                .as("shared with the second span")
                .isFalse();

        fixture.fill(PAGE, 1).get();
        fixture.assertRight(0, 2 * PAGE);
        assertThat(fixture.blob().requests())
                .as("the first span is not fetched again")
                .hasSize(2);
    }

    @Test
    void pagesThatNoExtentCoversAreZeros() throws Exception {
        byte[] blob = {1, 2, 3};
        SpanTableBuilder builder = new SpanTableBuilder(3);
        int span = builder.addSpan(0, 3, new IdentityDecoder(), new byte[0], Optional.of(TestLayer.sha256(blob)));
        builder.addExtent(span, 0, 3, 600 * PAGE, Optional.empty());
        byte[] contents = new byte[1000 * PAGE];
        System.arraycopy(blob, 0, contents, 600 * PAGE, 3);
        FilledFixture fixture =
                open(new TestLayer(builder.build(contents.length), blob, contents), FilledFixture.options(4, 0));

        fixture.fill(100 * PAGE, 300 * PAGE).get();
        assertThat(fixture.blob().requests()).isEmpty();
        fixture.fill(0, contents.length).get();

        fixture.assertRight(0, contents.length);
        assertThat(fixture.device().presentBytes()).isEqualTo(contents.length);
    }

    @Test
    void aSpanLargerThanTheMemoryIsFetchedAlone() throws Exception {
        FillOptions tiny = new FillOptions(8, 2, 1, 1 << 20, 0, Duration.ofHours(1), Duration.ofSeconds(1));
        FilledFixture fixture = open(TestLayer.plain(50, SPAN), tiny);
        List<CompletableFuture<Void>> fills = new ArrayList<>();
        for (int i = 0; i < 50; i += 2) {
            fills.add(fixture.fill((long) i * SPAN, 1));
        }
        fills.add(fixture.fill(0, 50 * SPAN));
        CompletableFuture.allOf(fills.toArray(CompletableFuture[]::new)).get();

        fixture.assertRight(0, 50 * SPAN);
    }

    @Test
    void sequentialReadersAreReadAheadOf() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(1000, SPAN), FilledFixture.options(4, 16 << 20));
        for (int i = 0; i < 1000; i++) {
            fixture.fill((long) i * SPAN, SPAN).get();
        }

        fixture.assertRight(0, 1000 * SPAN);
        assertThat(fixture.blob().requests().size()).isLessThan(100);
    }

    @Test
    void writesAreLongAndWithoutGaps() throws Exception {
        TestLayer layer = TestLayer.plain(1, 40 * PAGE + 7);
        AtomicInteger writes = new AtomicInteger();
        FilledFixture fixture = open(layer, FilledFixture.options(2, 0), device -> new DelegatingDevice(device) {
            @Override
            public void write(long offset, ByteBuffer pages) throws IOException {
                writes.incrementAndGet();
                super.write(offset, pages);
            }
        });

        fixture.fill(0, 1).get();

        assertThat(writes).as("one for the whole pages, one for the end").hasValue(2);
        fixture.assertRight(0, 41 * PAGE);
    }

    @Test
    void spansArePassedOnBeforeTheirRequestIsOver() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(8, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> request.upTo(4 * SPAN, gate));

        CompletableFuture<Void> all = fixture.fill(0, 8 * SPAN);
        fixture.fill(3 * SPAN, 1).get();

        assertThat(all).isNotDone();
        gate.countDown();
        all.get();
        assertThat(fixture.blob().requests()).hasSize(1);
    }

    @Test
    void whatWasWrittenIsSyncedAWhileLater() throws Exception {
        FillOptions options = new FillOptions(4, 2, 1 << 20, 1 << 20, 0, Duration.ofMillis(1), Duration.ofSeconds(1));
        TestLayer layer = TestLayer.plain(1, SPAN);
        CountDownLatch synced = new CountDownLatch(1);
        FilledFixture fixture = open(layer, options, device -> new DelegatingDevice(device) {
            @Override
            public void sync() throws IOException {
                super.sync();
                synced.countDown();
            }
        });
        fixture.fill(0, SPAN).get();

        synced.await();
        BootId nextBoot = new BootId(new UUID(9, 9));
        try (SparseFileDevice after = FilledFixture.openDevice(directory, layer, nextBoot)) {
            assertThat(after.presentBytes()).isEqualTo(SPAN);
        }
    }

    @Test
    void countsWhatItDoes() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), FilledFixture.options(4, 0));
        fixture.fill(0, 2 * SPAN).get();
        fixture.fill(0, 1).get();

        FillStatistics statistics = fixture.statistics();
        assertThat(statistics.requests()).isEqualTo(1);
        assertThat(statistics.bytesFetched()).isEqualTo(2 * SPAN);
        assertThat(statistics.bytesNeeded()).isEqualTo(2 * SPAN);
        assertThat(statistics.bytesWritten()).isEqualTo(2 * SPAN);
        assertThat(statistics.waits()).isEqualTo(1);
        assertThat(statistics.waitNanos()).isPositive();
        assertThat(fixture.engine().statistics()).isEqualTo(statistics);
    }

    private FilledFixture open(TestLayer layer, FillOptions options) throws IOException {
        return open(layer, options, device -> device);
    }

    private FilledFixture open(TestLayer layer, FillOptions options, UnaryOperator<DataDevice> wrap)
            throws IOException {
        FilledFixture fixture = FilledFixture.open(directory, layer, options, wrap);
        opened.add(fixture);
        return fixture;
    }
}
