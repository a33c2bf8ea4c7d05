package dev.sluice.layer.nydus;

import dev.sluice.erofs.ErofsException;
import dev.sluice.erofs.ErofsInode;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerTree;
import dev.sluice.layer.PathBytes;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads the tree of a bootstrap as if it came as a tar, so that it gets what containerd would make of it, and no more: no
 * {@code trusted.*}, and a root of mode 0755.
 */
final class TreeReader {
    private static final int TYPE = 0170000;
    private static final int CHARACTER = 0020000;
    private static final int BLOCK = 0060000;
    private static final int FIFO = 0010000;
    private static final int PERMISSIONS = 07777;

    private final ErofsReader image;
    private final LayerTree tree;
    private final Contents contents;
    private final Map<Long, String> firstNames = new HashMap<>();

    private TreeReader(ErofsReader image, LayerTree tree, Contents contents) {
        this.image = image;
        this.tree = tree;
        this.contents = contents;
    }

    /** @throws InvalidLayerException if the bootstrap breaks a rule */
    static void read(ErofsReader image, LayerTree tree, Contents contents) throws IOException {
        try {
            image.walk(new TreeReader(image, tree, contents)::add);
        } catch (ErofsException e) {
            throw new InvalidLayerException("its bootstrap is malformed: " + e.getMessage(), e);
        }
    }

    private void add(byte[] path, ErofsInode inode) throws IOException {
        String name = PathBytes.decode(path);
        Attributes attributes = attributes(inode);
        if (inode.isDirectory()) {
            tree.directory(name, attributes);
            return;
        }
        String first = inode.links() > 1 ? firstNames.putIfAbsent(inode.nid(), name) : null;
        if (first != null) {
            tree.hardLink(name, attributes, first);
        } else if (inode.isRegularFile()) {
            tree.regularFile(name, attributes, inode.size(), contents.add(image.extents(inode), inode.size()));
        } else if (inode.isSymlink()) {
            tree.symlink(name, attributes, PathBytes.decode(image.symlinkTarget(inode)));
        } else {
            special(name, attributes, inode);
        }
    }

    private void special(String name, Attributes attributes, ErofsInode inode) throws InvalidLayerException {
        switch (inode.mode() & TYPE) {
            case CHARACTER -> tree.charDevice(name, attributes, inode.major(), inode.minor());
            case BLOCK -> tree.blockDevice(name, attributes, inode.major(), inode.minor());
            case FIFO -> tree.fifo(name, attributes);
            default -> tree.unknown(name, attributes, "a socket");
        }
    }

    private Attributes attributes(ErofsInode inode) throws IOException {
        return new Attributes(
                inode.mode() & PERMISSIONS,
                inode.uid(),
                inode.gid(),
                inode.mtimeSeconds(),
                inode.mtimeNanos(),
                image.xattrs(inode));
    }
}
