package dev.sluice.e2e.tree;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Everything that a process can see of a directory tree: kinds, modes, owners, times, extended attributes, links, device numbers
 * and a digest of each file's contents. Immutable.
 *
 * @param paths facts by name, by percent-encoded path; the root is {@code .}
 */
public record TreeDigest(SortedMap<String, Map<String, String>> paths) {

    private static final Duration TIMEOUT = Duration.ofMinutes(10);
    private static final long SECOND_IN_NANOS = 1_000_000_000;
    private static final String MTIME = "mtime";

    public TreeDigest {
        paths = Collections.unmodifiableSortedMap(new TreeMap<>(paths));
    }

    /** Reads a whole tree; needs root. Python walks it, since the JDK cannot express every file name in every locale. */
    public static TreeDigest of(Path root) throws IOException {
        Path script = Files.createTempFile("digest", ".py");
        try {
            try (InputStream in = TreeDigest.class.getResourceAsStream("digest.py")) {
                if (in == null) {
                    throw new IOException("Tried to read digest.py but failed because: it is not in the class path");
                }
                Files.copy(in, script, StandardCopyOption.REPLACE_EXISTING);
            }
            return parse(Command.of("/usr/bin/python3", script.toString(), root.toString())
                    .withTimeout(TIMEOUT)
                    .run()
                    .stdout());
        } finally {
            Files.delete(script);
        }
    }

    private static TreeDigest parse(String lines) throws IOException {
        ObjectReader reader = new ObjectMapper().readerFor(new TypeReference<TreeMap<String, String>>() {});
        SortedMap<String, Map<String, String>> paths = new TreeMap<>();
        for (String line : lines.lines().toList()) {
            TreeMap<String, String> facts = reader.readValue(line);
            String path = facts.remove("path");
            if (path == null) {
                throw new IOException("Tried to read a tree but failed because: no path in " + line);
            }
            paths.put(path, Map.copyOf(facts));
        }
        return new TreeDigest(paths);
    }

    /**
     * What differs, one sentence each; empty if nothing does. Times may differ by less than a second, since some formats keep
     * whole seconds only.
     */
    public List<String> differencesTo(TreeDigest other) {
        List<String> differences = new ArrayList<>();
        TreeSet<String> all = new TreeSet<>(paths.keySet());
        all.addAll(other.paths.keySet());
        for (String path : all) {
            Map<String, String> mine = paths.get(path);
            Map<String, String> theirs = other.paths.get(path);
            if (mine == null) {
                differences.add(path + ": only in the second tree, " + theirs);
            } else if (theirs == null) {
                differences.add(path + ": only in the first tree, " + mine);
            } else {
                compare(path, mine, theirs, differences);
            }
        }
        return differences;
    }

    private static void compare(
            String path, Map<String, String> mine, Map<String, String> theirs, List<String> differences) {
        TreeSet<String> names = new TreeSet<>(mine.keySet());
        names.addAll(theirs.keySet());
        for (String name : names) {
            String first = mine.getOrDefault(name, "nothing");
            String second = theirs.getOrDefault(name, "nothing");
            boolean same = name.equals(MTIME) ? sameSecond(first, second) : first.equals(second);
            if (!same) {
                differences.add(path + ": " + name + " is " + first + " and " + second);
            }
        }
    }

    private static boolean sameSecond(String first, String second) {
        return Math.abs(Long.parseLong(first) - Long.parseLong(second)) < SECOND_IN_NANOS;
    }
}
