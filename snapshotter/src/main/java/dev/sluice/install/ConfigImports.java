package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Stream;

/**
 * The files that an import of containerd's configuration names.
 *
 * @param importing the file that has it, absolute
 * @param path absolute; may have stars
 */
record ConfigImports(Path importing, Path path) {
    /** @throws InvalidContainerdConfigException if it is no path */
    static ConfigImports of(Path importing, String imported) throws InvalidContainerdConfigException {
        // To Go many stars are one. To Java two are any number of directories, and many take for ever.
        String pattern = imported.replaceAll("\\*{2,}", "*");
        try {
            return new ConfigImports(
                    importing,
                    importing.toAbsolutePath().resolveSibling(pattern).normalize());
        } catch (InvalidPathException e) {
            throw new InvalidContainerdConfigException(importing + " imports what is no path: " + e.getMessage(), e);
        }
    }

    /** In order; one without a star also if it is not there. */
    List<Path> files(ConfigFiles files) throws InvalidContainerdConfigException {
        if (!hasStar(path)) {
            return List.of(path);
        }
        Path directory = path;
        int depth = 0;
        while (hasStar(directory)) {
            directory = requireNonNull(directory.getParent(), "an absolute path has a parent without a star");
            depth++;
        }
        Set<Path> found = new TreeSet<>();
        for (Path changed : files.changed().keySet()) {
            if (matches(changed)) {
                found.add(changed);
            }
        }
        Path here = files.here(directory);
        if (Files.isDirectory(here)) {
            Path seen = directory;
            try (Stream<Path> all = Files.walk(here, depth)) {
                for (Path file : (Iterable<Path>) all::iterator) {
                    Path there = seen.resolve(here.relativize(file)).normalize();
                    if (matches(there)) {
                        found.add(there);
                    }
                }
            } catch (IOException | UncheckedIOException e) {
                throw new InvalidContainerdConfigException(
                        "Tried to find " + path + " but failed because: " + e.getMessage(), e);
            }
        }
        return List.copyOf(found);
    }

    /** Whether a file of this name would be imported. */
    boolean matches(Path file) throws InvalidContainerdConfigException {
        return matcher().matches(file);
    }

    /** The directory of which it imports all files with a fitting name, if it is such an import. */
    Optional<Path> directory() {
        Path parent = path.getParent();
        return parent != null && hasStar(path) && !hasStar(parent) ? Optional.of(parent) : Optional.empty();
    }

    private PathMatcher matcher() throws InvalidContainerdConfigException {
        try {
            return path.getFileSystem().getPathMatcher("glob:" + path);
        } catch (PatternSyntaxException e) {
            throw new InvalidContainerdConfigException(importing + " imports what is no pattern of paths: " + path, e);
        }
    }

    private static boolean hasStar(Path path) {
        return path.toString().indexOf('*') >= 0;
    }
}
