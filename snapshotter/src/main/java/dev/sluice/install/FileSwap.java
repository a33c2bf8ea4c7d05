package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Changes files one after the other, and can put them back. For one thread. */
final class FileSwap {
    private final Host host;
    private final List<FileChange> done = new ArrayList<>();

    FileSwap(Host host) {
        this.host = host;
    }

    /** @throws IOException if a file is not any more what it was when that was planned, or cannot be written */
    void apply(List<FileChange> changes) throws IOException {
        for (FileChange change : changes) {
            Path file = host.find(change.path());
            if (!read(file).equals(change.before())) {
                throw new IOException(change.path() + " was changed by somebody else in the meantime");
            }
            done.add(change);
            write(file, change.after());
        }
    }

    /** Puts back what was changed. */
    void revert() throws IOException {
        List<FileChange> last = new ArrayList<>(done);
        Collections.reverse(last);
        for (FileChange change : last) {
            write(host.find(change.path()), change.before());
        }
        done.clear();
    }

    /** Those that are empty. */
    void removeDirectories(List<Path> directories) throws IOException {
        List<Path> deepest = new ArrayList<>(directories);
        deepest.sort(Comparator.comparing(Path::getNameCount).reversed());
        for (Path directory : deepest) {
            Path here = host.find(directory);
            if (Files.isDirectory(here) && isEmpty(here)) {
                Files.delete(here);
            }
        }
    }

    private static boolean isEmpty(Path directory) throws IOException {
        try (var entries = Files.list(directory)) {
            return entries.findAny().isEmpty();
        }
    }

    static Optional<String> read(Path file) throws IOException {
        return Files.exists(file) ? Optional.of(Files.readString(file, StandardCharsets.UTF_8)) : Optional.empty();
    }

    private static void write(Path file, Optional<String> text) throws IOException {
        if (text.isPresent()) {
            Files.createDirectories(requireNonNull(file.getParent(), "a file has a directory"));
            AtomicFile.write(file, text.get());
        } else {
            AtomicFile.delete(file);
        }
    }
}
