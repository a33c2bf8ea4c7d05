package dev.sluice.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteArenaTest {
    @Test
    void keepsStringsOfAnyLengthAcrossSegments() throws Exception {
        ByteArena arena = new ByteArena();
        Random random = new Random(1);
        byte[][] strings = new byte[500][];
        int[] positions = new int[strings.length];
        for (int i = 0; i < strings.length; i++) {
            strings[i] = new byte[i < 300 ? i : random.nextInt(100_000)];
            random.nextBytes(strings[i]);
            positions[i] = arena.add(strings[i], 0, strings[i].length);
        }
        for (int i = 0; i < strings.length; i++) {
            int other = random.nextInt(strings.length);
            ByteBuffer copy = ByteBuffer.allocate(strings[i].length);
            arena.copyTo(positions[i], copy);
            assertThat(copy.array()).isEqualTo(strings[i]);
            assertThat(arena.get(positions[i])).isEqualTo(strings[i]);
            assertThat(arena.length(positions[i])).isEqualTo(strings[i].length);
            assertThat(arena.contentEquals(positions[i], strings[other], 0, strings[other].length))
                    .isEqualTo(i == other);
            assertThat(Integer.signum(arena.compare(positions[i], positions[other])))
                    .isEqualTo(Integer.signum(Arrays.compareUnsigned(strings[i], strings[other])));
        }
    }
}
