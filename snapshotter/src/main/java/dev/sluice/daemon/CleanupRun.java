package dev.sluice.daemon;

import dev.sluice.linux.Linux;
import dev.sluice.linux.MountTable;
import dev.sluice.linux.MountTable.Mount;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code sluice cleanup}: what is to be done before Sluice goes. Not before the last container has, which would lose its files. */
final class CleanupRun implements Runners.CleanupRunner {
    private static final Logger log = LoggerFactory.getLogger(CleanupRun.class);

    /** So many of those who are in the way are named. */
    private static final int NAMED = 10;

    /** What it does. */
    enum Extent {
        /** Only looks; a daemon may be running. */
        CHECK,
        /** Unmounts, and ends the keeper; a daemon that is started again has all that was fetched. */
        MOUNTS,
        /** Deletes what Sluice has made in the root directory, too, and the directory if nothing else is in it. */
        ALL
    }

    /** @throws IOException if something uses what would go, or, but for {@link Extent#CHECK}, a daemon runs; nothing has changed then */
    @Override
    public void cleanup(Config config, boolean check, boolean delete) throws IOException {
        run(config, check ? Extent.CHECK : delete ? Extent.ALL : Extent.MOUNTS);
    }

    private static void run(Config config, Extent extent) throws IOException {
        if (!RootLayout.isIn(config.root())) {
            if (Files.exists(config.root())) {
                log.info("No Sluice has used {}, so it stays as it is", config.root());
            }
            return;
        }
        if (extent == Extent.CHECK) {
            refuseIfUsed(config.root().toRealPath());
            return;
        }
        Path path;
        try (RootDirectory root = RootDirectory.open(config.root())) {
            path = root.path();
            refuseIfUsed(path);
            Linux linux = Linux.load();
            unmount(linux, path);
            // Last: whoever might still read something waits for what it holds.
            try (ProcessKeeper keeper = ProcessKeeper.open(linux, path)) {
                keeper.forgetAll();
            }
        }
        if (extent == Extent.ALL) {
            delete(path);
        }
    }

    private static void refuseIfUsed(Path root) throws IOException {
        List<String> users = LayerUsers.of(root);
        if (!users.isEmpty()) {
            String some = String.join(", ", users.subList(0, Math.min(NAMED, users.size())));
            String more = users.size() > NAMED ? " and " + (users.size() - NAMED) + " more" : "";
            throw new IOException("the files of " + some + more + " come from " + root
                    + "; stop and remove what uses them first, and then try again");
        }
    }

    private static void unmount(Linux linux, Path root) throws IOException {
        List<Mount> mounts = new ArrayList<>(MountTable.read().under(root));
        mounts.removeIf(mount -> !RootLayout.isMountOfOurs(mount));
        Collections.reverse(mounts);
        for (Mount mount : mounts) {
            linux.mounts().unmount(Path.of(mount.mountPoint()));
        }
        if (!mounts.isEmpty()) {
            log.info("Unmounted {} file systems below {}", mounts.size(), root);
        }
    }

    /**
     * What {@link Extent#ALL} would delete: the root directory, and then what in it is Sluice's, the lock last. A daemon may be running.
     *
     * @return empty if no Sluice has ever used the directory
     */
    @Override
    public List<Path> leftovers(Config config) throws IOException {
        if (!RootLayout.isIn(config.root())) {
            return List.of();
        }
        Path root = config.root().toRealPath();
        List<Path> paths = new ArrayList<>(List.of(root));
        paths.addAll(RootLayout.entries(root));
        return List.copyOf(paths);
    }

    private static void delete(Path root) throws IOException {
        for (Path entry : RootLayout.entries(root)) {
            deleteTree(entry);
        }
        List<String> others;
        try (Stream<Path> rest = Files.list(root)) {
            others = rest.map(path -> String.valueOf(path.getFileName()))
                    .sorted()
                    .toList();
        }
        if (!others.isEmpty()) {
            log.warn("{} stays: in it are {}", root, String.join(", ", others));
        } else if (!isMountPoint(root)) {
            Files.delete(root);
        }
    }

    private static void deleteTree(Path tree) throws IOException {
        Files.walkFileTree(tree, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, IOException failure) throws IOException {
                if (failure != null) {
                    throw failure;
                }
                if (!isMountPoint(directory)) {
                    Files.delete(directory);
                }
                return FileVisitResult.CONTINUE;
            }
        });
    }

    private static boolean isMountPoint(Path directory) throws IOException {
        return MountTable.read().at(directory).isPresent();
    }
}
