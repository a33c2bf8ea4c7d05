package dev.sluice.snapshot;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;

/**
 * The directories of snapshots that are not lazy: {@code snapshots/<id>/fs} with the contents, and {@code work} beside it for
 * overlayfs. Safe for use by many threads.
 */
final class SnapshotDirectories {
    private static final Pattern ID = Pattern.compile("[1-9][0-9]{0,17}");
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rwx------");
    private static final int DEFAULT_MODE = 0755;
    private static final int PERMISSIONS = 07777;

    private final Path root;

    /** IDs whose directories exist before the store knows them. */
    private final Set<Long> unborn = ConcurrentHashMap.newKeySet();

    private SnapshotDirectories(Path root) {
        this.root = root;
    }

    /** @param root made if it is missing; belongs to its owner alone */
    static SnapshotDirectories open(Path root) throws IOException {
        Files.createDirectories(root, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        return new SnapshotDirectories(root);
    }

    /** Where the contents of a snapshot are. */
    Path contents(long id) {
        return root.resolve(Long.toString(id)).resolve("fs");
    }

    /** Where overlayfs works for a snapshot. */
    Path work(long id) {
        return root.resolve(Long.toString(id)).resolve("work");
    }

    /** The greatest ID that has a directory, 0 if there is none. */
    long greatestId() throws IOException {
        return ids().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /**
     * Makes the directories of a snapshot. Until {@link #settle} is called they are safe from {@link #sweep}.
     *
     * @param like whose owner and permissions the contents take, the topmost directory below; the root of an overlay shows those
     *     of its upper directory
     * @param idMap which user of the host that owner is; empty if the same
     */
    void create(long id, Optional<Path> like, Optional<IdMap> idMap) throws IOException {
        unborn.add(id);
        Files.createDirectory(root.resolve(Long.toString(id)), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        Files.createDirectory(work(id), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        Path contents = Files.createDirectory(contents(id), PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        int uid = like.isPresent() ? attribute(like.get(), "unix:uid") : 0;
        int gid = like.isPresent() ? attribute(like.get(), "unix:gid") : 0;
        int mode = like.isPresent() ? attribute(like.get(), "unix:mode") & PERMISSIONS : DEFAULT_MODE;
        // The mode comes last: a change of owner takes set-user-ID away.
        Files.setAttribute(
                contents, "unix:uid", idMap.map(map -> map.hostUid(uid)).orElse(uid));
        Files.setAttribute(
                contents, "unix:gid", idMap.map(map -> map.hostGid(gid)).orElse(gid));
        Files.setAttribute(contents, "unix:mode", mode);
    }

    private static int attribute(Path path, String name) throws IOException {
        return (int) Files.getAttribute(path, name, LinkOption.NOFOLLOW_LINKS);
    }

    /** Says that the store knows the snapshot now, or never will; then the next {@link #sweep} deletes its directories. */
    void settle(long id) {
        unborn.remove(id);
    }

    /**
     * Deletes the directories of snapshots that do not exist.
     *
     * @param exists whether the store knows an ID; asked after the directory was found
     * @throws IOException if one could not be deleted, after the others were
     */
    void sweep(LongPredicate exists) throws IOException {
        List<IOException> failures = new ArrayList<>();
        for (long id : ids()) {
            if (!unborn.contains(id) && !exists.test(id)) {
                try {
                    DirectoryTrees.delete(root.resolve(Long.toString(id)));
                } catch (IOException e) {
                    failures.add(e);
                }
            }
        }
        if (!failures.isEmpty()) {
            IOException first = failures.get(0);
            failures.stream().skip(1).forEach(first::addSuppressed);
            throw first;
        }
    }

    private List<Long> ids() throws IOException {
        List<Long> ids = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(root)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                if (ID.matcher(name).matches()) {
                    ids.add(Long.parseLong(name));
                }
            }
        }
        return ids;
    }
}
