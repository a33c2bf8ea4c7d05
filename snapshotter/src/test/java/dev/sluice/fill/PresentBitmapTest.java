package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PresentBitmapTest {
    @ParameterizedTest
    @ValueSource(ints = {1, 63, 64, 65, 128, 1000})
    void behavesLikeASetOfPages(int pages) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        PresentBitmap bitmap = empty(pages);
        BitSet expected = new BitSet();
        for (int step = 0; step < 2000; step++) {
            int from = random.nextInt(pages + 1);
            int to = from + random.nextInt(pages - from + 1);
            if (random.nextInt(3) > 0) {
                bitmap.set(from, to);
                expected.set(from, to);
            } else {
                bitmap.clear(from, to);
                expected.clear(from, to);
            }
            int at = random.nextInt(pages + 1);
            assertThat(bitmap.firstAbsent(at))
                    .as("seed %d step %d first absent at %d", seed, step, at)
                    .isEqualTo(Math.min(pages, expected.nextClearBit(at)));
            assertThat(bitmap.count()).as("seed %d step %d", seed, step).isEqualTo(expected.cardinality());
        }
    }

    @Test
    void bitsBeyondTheLastPageDoNotCount() {
        ByteBuffer full = ByteBuffer.allocateDirect(16).putLong(-1).putLong(-1).clear();

        PresentBitmap bitmap = new PresentBitmap(full, 70);

        assertThat(bitmap.count()).isEqualTo(70);
        assertThat(bitmap.firstAbsent(0)).isEqualTo(70);
    }

    @Test
    void retainsWhatAnotherBitmapHas() {
        PresentBitmap bitmap = empty(128);
        bitmap.set(10, 100);
        PresentBitmap other = empty(128);
        other.set(0, 20);
        other.set(64, 128);
        ByteBuffer copy = ByteBuffer.allocate(16);
        other.copyTo(copy);

        bitmap.retain(copy.flip());

        assertThat(bitmap.count()).isEqualTo(10 + 36);
        assertThat(bitmap.containsAll(10, 20)).isTrue();
        assertThat(bitmap.containsAll(64, 100)).isTrue();
        assertThat(bitmap.firstAbsent(10)).isEqualTo(20);
        assertThat(bitmap.firstAbsent(64)).isEqualTo(100);
    }

    private static PresentBitmap empty(int pages) {
        return new PresentBitmap(ByteBuffer.allocateDirect(PresentBitmap.bytesFor(pages)), pages);
    }
}
