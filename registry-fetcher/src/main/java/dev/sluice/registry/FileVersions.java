package dev.sluice.registry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Which files something was made of, and in which versions, so that it can be made again when one changes. Files that are not there
 * count too. Immutable.
 */
record FileVersions(Map<Path, Optional<Version>> versions) {
    static final FileVersions NONE = new FileVersions(Map.of());

    FileVersions {
        versions = Map.copyOf(versions);
    }

    record Version(FileTime modified, long size, Optional<Object> fileKey) {}

    /** @throws IOException if it cannot be told; that a file is not there is no error */
    static FileVersions of(Iterable<Path> files) throws IOException {
        Map<Path, Optional<Version>> versions = new HashMap<>();
        for (Path file : files) {
            versions.put(file, version(file));
        }
        return new FileVersions(versions);
    }

    /** Whether all files are still as they were. */
    boolean areCurrent() throws IOException {
        return versions.isEmpty() || equals(of(versions.keySet()));
    }

    private static Optional<Version> version(Path file) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(new Version(
                    attributes.lastModifiedTime(), attributes.size(), Optional.ofNullable(attributes.fileKey())));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }
}
