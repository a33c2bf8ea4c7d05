package dev.sluice.ondemand.cachefiles;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The kernel's cache on disk, as {@code fs/cachefiles} lays it out: {@code cache/I<volume>/@<two hex digits>/D<cookie>}. Only what is in no
 * use has a name there, or had one before it was taken into use. Safe for use by many threads.
 */
final class CacheDirectory {
    private static final String DOMAIN = "sluice-";
    private static final Pattern VOLUME = Pattern.compile("Ierofs," + DOMAIN + "([0-9]{1,9})");
    private static final int FANOUT = 256;

    private final Path directory;

    CacheDirectory(Path directory) {
        this.directory = directory;
    }

    /** The n-th domain's name; its volume is {@link #volumeKey}. */
    static String domain(int number) {
        return DOMAIN + number;
    }

    /** Whether a mount with these options of its file system is in one of our domains. */
    static boolean isInOurDomain(String options) {
        return options.contains(",domain_id=" + DOMAIN);
    }

    /** As EROFS names the volume of a domain. */
    static String volumeKey(String domain) {
        return "erofs," + domain;
    }

    /** The number of the newest domain in this cache; empty in a new one. */
    Optional<Integer> newestDomain() throws IOException {
        int newest = -1;
        for (Path volume : list(directory.resolve("cache"))) {
            Matcher matcher = VOLUME.matcher(volume.getFileName().toString());
            if (matcher.matches()) {
                newest = Math.max(newest, Integer.parseInt(matcher.group(1)));
            }
        }
        return newest < 0 ? Optional.empty() : Optional.of(newest);
    }

    /** Deletes all but one domain's volume, and what the kernel has put aside. Only while nothing of them is in use through this cache. */
    void deleteAllBut(String domain) throws IOException {
        for (Path volume : list(directory.resolve("cache"))) {
            if (!volume.equals(volume(domain))) {
                deleteTree(volume);
            }
        }
        for (Path dead : list(directory.resolve("graveyard"))) {
            deleteTree(dead);
        }
    }

    /** Where a cookie's object is, if it has a name now. */
    Optional<Path> find(String domain, String cookie) {
        for (int i = 0; i < FANOUT; i++) {
            Path file = volume(domain).resolve(String.format("@%02x", i)).resolve("D" + cookie);
            if (Files.exists(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /**
     * An object that has a name.
     *
     * @param lastUse when the kernel last opened or read it, in milliseconds since 1970
     */
    record StoredObject(Path path, long lastUse) {}

    /** All objects that have a name, the one that was not used for longest first. */
    List<StoredObject> leastRecentlyUsed() throws IOException {
        List<StoredObject> objects = new ArrayList<>();
        for (Path volume : list(directory.resolve("cache"))) {
            for (Path fan : list(volume)) {
                for (Path file : list(fan)) {
                    lastUse(file).ifPresent(time -> objects.add(new StoredObject(file, time)));
                }
            }
        }
        objects.sort(Comparator.comparingLong(StoredObject::lastUse));
        return objects;
    }

    private static Optional<Long> lastUse(Path file) throws IOException {
        try {
            // The kernel touches the time of access, and nothing else does.
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(attributes.lastAccessTime().toMillis());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private Path volume(String domain) {
        return directory.resolve("cache").resolve("I" + volumeKey(domain));
    }

    private static List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
                stream.forEach(entries::add);
            }
        }
        return entries;
    }

    static void deleteTree(Path tree) throws IOException {
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException problem) throws IOException {
                if (problem != null) {
                    throw problem;
                }
                Files.delete(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
