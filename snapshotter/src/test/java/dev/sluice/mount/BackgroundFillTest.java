package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.fill.BootId;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.SourceLayer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BackgroundFillTest {
    private static final int SIZE = 3 << 20;
    private static final long FAST = 1L << 40;

    private final Linux linux = Linux.load();
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void closeAll() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    @Test
    void completesOneLayerAfterTheOther() throws IOException {
        BackgroundFill background = background(FAST);
        List<SourceLayer> layers = List.of(layer(), layer(), layer());

        layers.forEach(layer -> background.add("a layer", layer));

        await().until(() -> layers.stream().allMatch(BackgroundFillTest::isComplete));
        SourceLayer late = layer();
        background.add("a layer", late);
        await().until(() -> isComplete(late));
    }

    @Test
    void aLayerThatFailsIsTriedAgainAndStopsNoOther() throws IOException {
        BackgroundFill background = background(FAST);
        SourceLayer failing = layer();
        failing.failWith(new IOException("registry does not answer"));
        SourceLayer other = layer();

        background.add("failing", failing);
        background.add("other", other);

        await().until(() -> isComplete(other));
        assertThat(isComplete(failing)).isFalse();
        failing.recover();
        await().until(() -> isComplete(failing));
    }

    @Test
    void aLayerThatIsRemovedIsLeftAlone() throws IOException {
        BackgroundFill background = background(FAST);
        SourceLayer removed = layer();
        removed.hold();
        SourceLayer other = layer();
        background.add("removed", removed);
        background.add("other", other);
        await().until(() -> removed.waiting() == 1);

        background.remove(removed);
        removed.release();

        await().until(() -> isComplete(other));
        assertThat(removed.fills()).isEqualTo(1);
    }

    @Test
    void withARateOfZeroNothingIsFilled() throws IOException {
        BackgroundFill background = background(0);
        SourceLayer layer = layer();

        background.add("a layer", layer);

        assertThat(background.isRunning()).isFalse();
        assertThat(layer.fills()).isZero();
    }

    private BackgroundFill background(long bytesPerSecond) {
        BackgroundFill background = new BackgroundFill(Duration.ofMillis(1), bytesPerSecond);
        open.add(background);
        return background;
    }

    private SourceLayer layer() throws IOException {
        byte[] source = new byte[SIZE];
        new Random(1).nextBytes(source);
        Path data = directory.resolve("data" + open.size());
        SparseFileDevice device =
                SparseFileDevice.open(linux, data, directory.resolve("present" + open.size()), SIZE, BootId.current());
        open.add(0, device);
        return new SourceLayer(device, source, Runnable::run);
    }

    private static boolean isComplete(SourceLayer layer) {
        return layer.device().presentBytes() == SIZE;
    }
}
