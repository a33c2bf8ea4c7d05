package dev.sluice.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IntSortTest {
    @Test
    void sortsThePartItIsGiven() {
        long seed = new Random().nextLong();
        System.out.println("seed of numbers to sort: " + seed);
        Random random = new Random(seed);
        for (int length = 0; length < 200; length++) {
            int range = 1 + random.nextInt(300);
            int[] numbers = random.ints(length + 10, 0, range).toArray();
            int[] expected = numbers.clone();
            Arrays.sort(expected, 5, 5 + length);
            IntSort.sort(numbers, new int[numbers.length], 5, 5 + length, Integer::compare);
            assertThat(numbers).as("seed %d", seed).isEqualTo(expected);
        }
    }
}
