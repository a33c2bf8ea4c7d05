package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Blob;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FillEngineFailureTest {
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
    void wrongBytesAreFetchedOnceMoreFromAnotherSource() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), FilledFixture.options(4, 0));
        fixture.blob()
                .script(request ->
                        request.source() == Blob.Source.ANY ? request.withWrongByte(SPAN + 5) : request.bytes());

        fixture.fill(0, 4 * SPAN).get();

        fixture.assertRight(0, 4 * SPAN);
        assertThat(fixture.blob().requests()).hasSize(2);
        assertThat(fixture.blob().requests().get(1)).hasToString("[" + SPAN + ", " + 2 * SPAN + ") OTHER");
        assertThat(fixture.statistics().mismatches()).isEqualTo(1);
    }

    @Test
    void bytesThatAreWrongTwiceAreNeverWritten() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), FilledFixture.options(4, 0));
        fixture.blob().script(request -> request.withWrongByte(SPAN + 5));

        CompletableFuture<Void> wrong = fixture.fill(SPAN, 1);
        CompletableFuture<Void> right = fixture.fill(2 * SPAN, 1);

        assertThatThrownBy(wrong::get)
                .hasCauseInstanceOf(DigestMismatchException.class)
                .hasMessageContaining("sha256:test");
        right.get();
        assertThat(fixture.device().isPresent(SPAN, SPAN)).isFalse();
        assertThat(fixture.device().firstAbsent(SPAN)).isEqualTo(SPAN);

        fixture.blob().script(request -> request.bytes());
        fixture.fill(SPAN, 1).get();
        fixture.assertRight(SPAN, SPAN);
    }

    @Test
    void aFailedRequestFailsThoseWhoWaitAndTheNextReadTriesAgain() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(2, SPAN), FilledFixture.options(4, 0));
        IOException reason = new IOException("registry is asleep");
        fixture.blob().script(request -> {
            throw reason;
        });

        assertThatThrownBy(fixture.fill(0, 1)::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(IOException.class)
                .hasRootCause(reason)
                .hasMessageContaining("sha256:test")
                .hasMessageContaining("[0, " + SPAN + ")");

        fixture.blob().script(request -> request.bytes());
        fixture.fill(0, 1).get();
        fixture.assertRight(0, SPAN);
    }

    @Test
    void whoAsksAgainRightAfterALongFailureIsNotKeptWaitingAgain() throws Exception {
        AtomicLong clock = new AtomicLong();
        FilledFixture fixture = FilledFixture.open(
                directory, TestLayer.plain(2, SPAN), FilledFixture.options(4, 0), UnaryOperator.identity(), clock::get);
        opened.add(fixture);
        IOException reason = new IOException("registry says nothing");
        fixture.blob().script(request -> {
            clock.addAndGet(RecentFailures.LONG.toNanos());
            throw reason;
        });
        assertThatThrownBy(fixture.fill(0, 1)::get).hasRootCause(reason);
        fixture.blob().script(request -> request.bytes());

        clock.addAndGet(RecentFailures.MOMENT.toNanos() - 1);
        assertThatThrownBy(fixture.fill(0, SPAN)::get).hasRootCause(reason);
        assertThatThrownBy(fixture.fill(0, 2 * SPAN)::get).hasRootCause(reason);
        assertThat(fixture.blob().requests()).hasSize(1);
        fixture.fill(SPAN, 1).get();
        clock.incrementAndGet();
        fixture.fill(0, SPAN).get();

        fixture.assertRight(0, 2 * SPAN);
    }

    @Test
    void aRequestThatBreaksFailsOnlyTheSpanThatItBrokeIn() throws Exception {
        FilledFixture fixture = open(TestLayer.plain(4, SPAN), FilledFixture.options(1, 0));
        fixture.blob().script(request -> {
            ScriptedBlob.await(gate);
            return request.covers(SPAN) ? request.breakingAt(SPAN + 7) : request.bytes();
        });
        CompletableFuture<Void> blocker = fixture.fill(0, 1);
        // Queued behind the first, these share a request.
        List<CompletableFuture<Void>> fills =
                List.of(fixture.fill(SPAN, 1), fixture.fill(2 * SPAN, 1), fixture.fill(3 * SPAN, 1));
        gate.countDown();

        blocker.get();
        assertThatThrownBy(fills.get(0)::get).hasRootCauseMessage("connection reset by a script");
        fills.get(1).get();
        fills.get(2).get();
        fixture.assertRight(2 * SPAN, 2 * SPAN);
    }

    @Test
    void aFullDeviceFailsTheReadAndLeavesItAbsent() throws Exception {
        TestLayer layer = TestLayer.plain(2, SPAN);
        AtomicBoolean full = new AtomicBoolean(true);
        FilledFixture fixture = open(layer, FilledFixture.options(2, 0), device -> new DelegatingDevice(device) {
            @Override
            public void write(long offset, ByteBuffer pages) throws IOException {
                if (full.get()) {
                    throw new IOException("No space left on device");
                }
                super.write(offset, pages);
            }
        });

        assertThatThrownBy(fixture.fill(0, 1)::get).hasRootCauseMessage("No space left on device");
        assertThat(fixture.device().presentBytes()).isZero();

        full.set(false);
        fixture.fill(0, 1).get();
        fixture.assertRight(0, SPAN);
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
