package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * The machine whose containerd is meant: this one, or one whose root directory is mounted somewhere here.
 *
 * @param root absolute
 */
public record Host(Path root) {
    private static final int MAX_LINKS = 40;

    /** This machine. */
    public static final Host HERE = new Host(Path.of("/"));

    public Host {
        requireNonNull(root, "root is null");
        if (!root.isAbsolute()) {
            throw new IllegalArgumentException("root is not absolute");
        }
    }

    public boolean isHere() {
        return root.getNameCount() == 0;
    }

    /**
     * Where a file of that machine is found here. Symbolic links are followed as on that machine, also the last one; what does not
     * exist is taken as it is written.
     *
     * @param path absolute, as that machine sees it
     */
    public Path find(Path path) throws IOException {
        if (isHere()) {
            return path;
        }
        Deque<Path> rest = new ArrayDeque<>();
        path.normalize().forEach(rest::add);
        Path seen = Path.of("/");
        int links = 0;
        while (!rest.isEmpty()) {
            Path name = rest.removeFirst();
            Path next = seen.resolve(name).normalize();
            Path here = below(next);
            if (!Files.isSymbolicLink(here)) {
                seen = next;
                continue;
            }
            if (++links > MAX_LINKS) {
                throw new FileSystemLoopException(path.toString());
            }
            Path target = Files.readSymbolicLink(here);
            Path[] names = new Path[target.getNameCount()];
            for (int i = names.length - 1; i >= 0; i--) {
                rest.addFirst(target.getName(i));
            }
            if (target.isAbsolute()) {
                seen = Path.of("/");
            }
        }
        return below(seen);
    }

    private Path below(Path path) {
        return root.resolve(Path.of("/").relativize(path));
    }
}
