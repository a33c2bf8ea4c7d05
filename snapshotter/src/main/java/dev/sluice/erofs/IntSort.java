package dev.sluice.erofs;

import java.util.function.IntBinaryOperator;

/** Sorts numbers by what they stand for, without boxing them: a merge sort, n log n whatever the input. */
final class IntSort {
    private static final int INSERTION = 12;

    private IntSort() {}

    /**
     * Sorts {@code numbers[from, to)}.
     *
     * @param scratch at least as long as {@code numbers}; its contents do not matter
     */
    static void sort(int[] numbers, int[] scratch, int from, int to, IntBinaryOperator order) {
        if (to - from <= INSERTION) {
            insertionSort(numbers, from, to, order);
            return;
        }
        int middle = (from + to) >>> 1;
        sort(numbers, scratch, from, middle, order);
        sort(numbers, scratch, middle, to, order);
        if (order.applyAsInt(numbers[middle - 1], numbers[middle]) <= 0) {
            return;
        }
        System.arraycopy(numbers, from, scratch, from, middle - from);
        int left = from;
        int right = middle;
        int out = from;
        while (left < middle && right < to) {
            numbers[out++] = order.applyAsInt(scratch[left], numbers[right]) <= 0 ? scratch[left++] : numbers[right++];
        }
        System.arraycopy(scratch, left, numbers, out, middle - left);
    }

    private static void insertionSort(int[] numbers, int from, int to, IntBinaryOperator order) {
        for (int i = from + 1; i < to; i++) {
            int number = numbers[i];
            int j = i;
            while (j > from && order.applyAsInt(numbers[j - 1], number) > 0) {
                numbers[j] = numbers[j - 1];
                j--;
            }
            numbers[j] = number;
        }
    }
}
