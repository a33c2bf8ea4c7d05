package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FillEngineSchedulingTest {
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
    void demandGoesBeforePrefetchBeforeBackground() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        List<CompletableFuture<Void>> fills = List.of(
                fixture.layer().fill(0, 1, Priority.DEMAND),
                fixture.layer().fill(30 * SPAN, 1, Priority.BACKGROUND),
                fixture.layer().fill(60 * SPAN, 1, Priority.PREFETCH),
                fixture.layer().fill(90 * SPAN, 1, Priority.DEMAND));
        gate.countDown();
        CompletableFuture.allOf(fills.toArray(CompletableFuture[]::new)).get();

        assertThat(fixture.blob().requests())
                .extracting(request -> request.offset() / SPAN)
                .containsExactly(0L, 90L, 60L, 30L);
    }

    @Test
    void aDemandPromotesWhatIsQueued() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        List<CompletableFuture<Void>> fills = List.of(
                fixture.layer().fill(0, 1, Priority.DEMAND),
                fixture.layer().fill(30 * SPAN, 1, Priority.PREFETCH),
                fixture.layer().fill(60 * SPAN, 1, Priority.BACKGROUND),
                fixture.layer().fill(60 * SPAN, 1, Priority.DEMAND));
        gate.countDown();
        CompletableFuture.allOf(fills.toArray(CompletableFuture[]::new)).get();

        assertThat(fixture.blob().requests())
                .extracting(request -> request.offset() / SPAN)
                .containsExactly(0L, 60L, 30L);
    }

    @Test
    void aReaderThatOvertakesItsReadAheadDoesNotFetchSpanBySpan() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(400, SPAN), FilledFixture.options(2, 16 << 20));
        CountDownLatch prefetching = new CountDownLatch(1);
        fixture.blob().script(request -> {
            if (request.covers(399L * SPAN)) {
                prefetching.countDown();
                ScriptedBlob.await(gate);
            }
            return request.bytes();
        });
        // Takes the only thread that prefetch may have, so that all that is read ahead stays queued.
        CompletableFuture<Void> unused = fixture.layer().fill(399L * SPAN, 1, Priority.PREFETCH);
        prefetching.await();

        for (int i = 0; i < 390; i++) {
            fixture.fill((long) i * SPAN, SPAN).get();
        }

        fixture.assertRight(0, 390 * SPAN);
        assertThat(fixture.blob().requests().size()).isLessThan(60);
    }

    @Test
    void prefetchLeavesThreadsToReaders() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(400, SPAN), FilledFixture.options(4, 0));
        fixture.blob().script(request -> {
            if (request.offset() != 0) {
                ScriptedBlob.await(gate);
            }
            return request.bytes();
        });
        for (int i = 1; i <= 8; i++) {
            CompletableFuture<Void> unused = fixture.layer().fill(i * 40L * SPAN, 1, Priority.PREFETCH);
        }

        fixture.fill(0, 1).get();

        fixture.assertRight(0, SPAN);
    }

    @Test
    void whatNobodyWaitsForAnyMoreIsNotFetched() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        CompletableFuture<Void> running = fixture.fill(0, 1);
        CompletableFuture<Void> queued = fixture.fill(50 * SPAN, 1);
        CompletableFuture<Void> last = fixture.fill(90 * SPAN, 1);
        assertThat(queued.cancel(false)).isTrue();
        gate.countDown();
        running.get();
        last.get();

        assertThat(fixture.blob().requests())
                .extracting(request -> request.offset() / SPAN)
                .containsExactly(0L, 90L);
    }

    @Test
    void aRunningRequestThatNobodyWaitsForIsBrokenOff() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(1, 0));
        CountDownLatch reading = new CountDownLatch(1);
        fixture.blob().script(request -> new ScriptedBlob.BytesChannel(new byte[0]) {
            @Override
            void beforeRead(int position) throws IOException {
                reading.countDown();
                awaitClose();
            }
        });
        CompletableFuture<Void> first = fixture.fill(0, 1);
        reading.await();
        CompletableFuture<Void> second = fixture.fill(1, 1);

        first.cancel(false);
        assertThat(second).isNotDone();
        fixture.blob().script(request -> request.bytes());
        second.cancel(false);

        // The only thread is free again, and what was given up can be had.
        fixture.fill(0, 1).get();
        fixture.assertRight(0, SPAN);
    }

    @Test
    void breakingARequestOffLeavesAloneWhatCameWrongWithItAndIsFetchedAnew() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(2, SPAN), FilledFixture.options(1, 0));
        CountDownLatch opening = new CountDownLatch(1);
        CountDownLatch joined = new CountDownLatch(1);
        fixture.blob().script(request -> {
            if (request.source() == Blob.Source.OTHER) {
                return request.bytes();
            }
            opening.countDown();
            ScriptedBlob.await(joined);
            return new ScriptedBlob.BytesChannel(new byte[2 * SPAN]) {
                @Override
                void beforeRead(int position) throws IOException {
                    if (position >= SPAN) {
                        awaitClose();
                    }
                }

                @Override
                int most(int position) {
                    return SPAN;
                }
            };
        });
        CompletableFuture<Void> both = fixture.fill(0, 2 * SPAN);
        opening.await();
        CompletableFuture<Void> first = fixture.fill(0, SPAN);
        joined.countDown();
        await().until(() -> fixture.statistics().mismatches() == 1);

        both.cancel(false);

        first.get();
        fixture.assertRight(0, SPAN);
    }

    @Test
    void aRequestThatWaitsForItsFirstByteIsBrokenOffToo() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(1, 0));
        CountDownLatch opening = new CountDownLatch(1);
        fixture.blob().script(request -> {
            opening.countDown();
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        CompletableFuture<Void> future = fixture.fill(0, 1);
        opening.await();
        fixture.blob().script(request -> request.bytes());
        future.cancel(false);

        fixture.fill(0, 1).get();
        fixture.assertRight(0, SPAN);
    }

    @Test
    void cancellingChangesNobodyElsesWait() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(2, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        CompletableFuture<Void> one = fixture.fill(0, 1);
        CompletableFuture<Void> other = fixture.fill(2, 1);
        one.cancel(false);
        gate.countDown();

        other.get();
        assertThat(fixture.blob().requests()).hasSize(1);
    }

    @Test
    void closingALayerFailsThoseWhoWait() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(2, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        List<CompletableFuture<Void>> fills = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            fills.add(fixture.fill(i * 10L * SPAN, 1));
        }
        fixture.layer().close();

        for (CompletableFuture<Void> fill : fills) {
            assertThatThrownBy(fill::get).hasCauseInstanceOf(IOException.class).hasMessageContaining("closed");
        }
        assertThatThrownBy(fixture.fill(0, 1)::get).hasMessageContaining("closed");
    }

    @Test
    void closingTheEngineLeavesNoThreads() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(100, SPAN), FilledFixture.options(4, 0));
        CountDownLatch opening = new CountDownLatch(1);
        fixture.fill(0, 1).get();
        fixture.blob().script(request -> {
            opening.countDown();
            ScriptedBlob.await(gate);
            return request.bytes();
        });
        CompletableFuture<Void> waiting = fixture.fill(50 * SPAN, 1);
        opening.await();
        fixture.engine().close();

        assertThatThrownBy(waiting::get).hasCauseInstanceOf(IOException.class);
        assertThatThrownBy(() -> fixture.engine()
                        .open("x", fixture.blob(), fixture.source().table(), fixture.device()))
                .isInstanceOf(IllegalStateException.class);
        await().until(() -> noThreadsAreLeft());
    }

    @Test
    void idleThreadsEnd() throws Exception {
        FillOptions options = new FillOptions(4, 2, 1 << 20, 1 << 20, 0, Duration.ofMillis(1), Duration.ofMillis(1));
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), options);
        fixture.fill(0, 4 * SPAN).get();

        await().until(() -> noThreadsAreLeft());

        assertThat(fixture.device().presentBytes()).isEqualTo(4 * SPAN);
    }

    private static boolean noThreadsAreLeft() {
        return Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("sluice-"));
    }

    private FilledFixture open(TestLayer layer, FillOptions options) throws IOException {
        FilledFixture fixture = FilledFixture.open(directory, layer, options, device -> device);
        opened.add(fixture);
        return fixture;
    }
}
