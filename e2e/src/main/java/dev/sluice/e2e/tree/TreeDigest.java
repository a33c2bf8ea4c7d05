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
import java.util.Optional;
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
    private static final String KIND = "kind";

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

    /** Whether the path is a directory of this tree. */
    public boolean isDirectory(String path) {
        return "directory".equals(paths.getOrDefault(path, Map.of()).get(KIND));
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
     * What differs; empty if nothing does. Times may differ by less than a second, since some formats keep whole seconds only.
     */
    public List<Difference> differencesTo(TreeDigest other) {
        return exactDifferencesTo(other).stream()
                .filter(difference -> !difference.isWithinASecond())
                .toList();
    }

    /** What differs; empty if nothing does, down to the nanosecond. */
    public List<Difference> exactDifferencesTo(TreeDigest other) {
        List<Difference> differences = new ArrayList<>();
        TreeSet<String> all = new TreeSet<>(paths.keySet());
        all.addAll(other.paths.keySet());
        for (String path : all) {
            Optional<Map<String, String>> mine = Optional.ofNullable(paths.get(path));
            Optional<Map<String, String>> theirs = Optional.ofNullable(other.paths.get(path));
            if (mine.isPresent() && theirs.isPresent()) {
                compare(path, mine.get(), theirs.get(), differences);
            } else {
                differences.add(
                        new Difference(path, Difference.PATH, mine.map(Map::toString), theirs.map(Map::toString)));
            }
        }
        return differences;
    }

    private static void compare(
            String path, Map<String, String> mine, Map<String, String> theirs, List<Difference> differences) {
        TreeSet<String> names = new TreeSet<>(mine.keySet());
        names.addAll(theirs.keySet());
        for (String name : names) {
            Optional<String> first = Optional.ofNullable(mine.get(name));
            Optional<String> second = Optional.ofNullable(theirs.get(name));
            if (!first.equals(second)) {
                differences.add(new Difference(path, name, first, second));
            }
        }
    }

    /**
     * One fact in which two trees differ.
     *
     * @param path percent-encoded
     * @param fact its name, or {@link #PATH} if only one of the trees has the path
     * @param first what the first tree says, empty for nothing
     * @param second what the second tree says, empty for nothing
     */
    public record Difference(String path, String fact, Optional<String> first, Optional<String> second) {
        /** The path itself, with all that is known of it. */
        public static final String PATH = "path";

        /** Whether only the modification times differ. */
        public boolean isMtime() {
            return fact.equals(MTIME);
        }

        private boolean isWithinASecond() {
            return isMtime()
                    && first.isPresent()
                    && second.isPresent()
                    && Math.abs(Long.parseLong(first.get()) - Long.parseLong(second.get())) < SECOND_IN_NANOS;
        }

        @Override
        public String toString() {
            return path + ": " + fact + " is " + first.orElse("nothing") + " and " + second.orElse("nothing");
        }
    }
}
