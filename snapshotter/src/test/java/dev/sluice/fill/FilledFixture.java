package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

/** An engine with one layer, whose blob does what a test says and whose device is a sparse file. */
record FilledFixture(TestLayer source, ScriptedBlob blob, DataDevice device, FillEngine engine, LayerFill layer)
        implements AutoCloseable {
    private static final String NAME = "sha256:test";
    private static final Linux LINUX = Linux.load();
    private static final BootId BOOT = new BootId(new UUID(1, 2));

    /** Little memory, small requests, no checkpoints. */
    static FillOptions options(int fetchThreads, long readAhead) {
        return new FillOptions(
                fetchThreads, 2, 16 << 20, 1 << 20, readAhead, Duration.ofHours(1), Duration.ofSeconds(10));
    }

    /** @param wrap makes a device that behaves differently out of one that behaves well */
    static FilledFixture open(Path directory, TestLayer source, FillOptions options, UnaryOperator<DataDevice> wrap)
            throws IOException {
        return open(directory, source, options, wrap, System::nanoTime);
    }

    static FilledFixture open(
            Path directory,
            TestLayer source,
            FillOptions options,
            UnaryOperator<DataDevice> wrap,
            LongSupplier nanoTime)
            throws IOException {
        DataDevice device = wrap.apply(openDevice(directory, source, BOOT));
        FillEngine engine = new FillEngine(options, List.of(new IdentityDecoder(), new GzipDecoder()), nanoTime);
        ScriptedBlob blob = new ScriptedBlob(source.blob());
        return new FilledFixture(source, blob, device, engine, engine.open(NAME, blob, source.table(), device));
    }

    static SparseFileDevice openDevice(Path directory, TestLayer source, BootId boot) throws IOException {
        return SparseFileDevice.open(
                LINUX,
                directory.resolve("data"),
                directory.resolve("present"),
                source.table().deviceSize(),
                boot);
    }

    /** Fills for a reader who waits. */
    CompletableFuture<Void> fill(long offset, long length) {
        return layer.fill(offset, length, Priority.DEMAND);
    }

    void assertRight(long offset, int length) throws IOException {
        assertThat(Pages.read(device, offset, length)).isEqualTo(source.contents(offset, length));
    }

    FillStatistics statistics() {
        return layer.statistics();
    }

    @Override
    public void close() throws IOException {
        engine.close();
        device.close();
    }
}
