package dev.sluice.credentials;

import java.util.Collection;
import java.util.List;

/** Lists of names in sentences. */
final class Names {
    private static final int SHOWN = 5;

    private Names() {}

    /** The first few in the order of the alphabet, and how many there are besides. */
    static String few(Collection<String> names) {
        List<String> first = names.stream().sorted().limit(SHOWN).toList();
        int others = names.size() - first.size();
        return String.join(", ", first) + (others > 0 ? " and " + others + " others" : "");
    }
}
