package dev.sluice.daemon;

import java.util.Comparator;
import java.util.List;

/** Finds what somebody who mistyped a name probably meant. */
final class NearestName {
    private NearestName() {}

    /**
     * The candidate with the smallest edit distance; a name that lacks only its table is nearest.
     *
     * @param candidates not empty
     */
    static String of(String name, List<String> candidates) {
        return candidates.stream()
                .min(Comparator.comparingInt(candidate -> distance(name, candidate)))
                .orElseThrow(() -> new IllegalArgumentException("no candidates"));
    }

    private static int distance(String name, String candidate) {
        String last = candidate.substring(candidate.lastIndexOf('.') + 1);
        String ours = name.substring(name.lastIndexOf('.') + 1);
        return Math.min(levenshtein(name, candidate), levenshtein(ours, last) + 1);
    }

    private static int levenshtein(String a, String b) {
        int[] previous = new int[b.length() + 1];
        int[] current = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replace = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replace, Math.min(previous[j], current[j - 1]) + 1);
            }
            int[] swap = previous;
            previous = current;
            current = swap;
        }
        return previous[b.length()];
    }
}
