package dev.sluice.erofs;

import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Reads EROFS images that nobody vouches for: those of {@link ErofsWriter}, and those of mkfs.erofs up to 1.9 and of nydus, but for
 * compressed metadata. Of compressed files only the contents cannot be read. Every method throws {@link ErofsException} for an image that breaks a rule, and ends, however the
 * image was made. What is read at once is in proportion to the size of the image.
 *
 * <p>Safe for use by many threads.
 */
public final class ErofsReader implements Closeable {
    private final ImageBytes image;
    private final ErofsSuperblock superblock;
    private final ContentsReader contents;
    private final DirectoryReader directories;
    private final XattrReader xattrs;

    private ErofsReader(ImageBytes image) throws IOException {
        this.image = image;
        superblock = ErofsSuperblock.read(image);
        contents = new ContentsReader(image, superblock);
        directories = new DirectoryReader(contents, superblock);
        xattrs = XattrReader.open(image, superblock, contents);
    }

    /** Opens an image file; {@link #close} closes it. */
    public static ErofsReader open(Path file) throws IOException {
        ImageBytes image = ImageBytes.open(file);
        try {
            return new ErofsReader(image);
        } catch (IOException e) {
            image.close();
            throw e;
        }
    }

    /** Reads an image from the remaining bytes of a buffer, which is not copied. */
    public static ErofsReader of(ByteBuffer bytes) throws IOException {
        return new ErofsReader(new ImageBytes.InMemory(bytes.slice()));
    }

    /** Reads an image from wherever it is. */
    public static ErofsReader of(ErofsSource source) throws IOException {
        return new ErofsReader(new ImageBytes.Elsewhere(source));
    }

    public ErofsSuperblock superblock() {
        return superblock;
    }

    public ErofsInode root() throws IOException {
        ErofsInode root = inode(superblock.rootNid());
        if (!root.isDirectory()) {
            throw new ErofsException("root is no directory");
        }
        return root;
    }

    /** The inode with a number, which a directory entry gave. */
    public ErofsInode inode(long nid) throws IOException {
        return ErofsInode.read(image, superblock, nid);
    }

    /** Entries of a directory in the order of their unsigned bytes, without {@code .} and {@code ..}. */
    public List<ErofsDirent> list(ErofsInode directory) throws IOException {
        return directories.list(directory);
    }

    /**
     * Looks a path up without following symlinks.
     *
     * @param path relative, names separated by single slashes; empty for the root
     */
    public Optional<ErofsInode> find(byte[] path) throws IOException {
        ErofsInode inode = root();
        for (int start = 0; start < path.length; ) {
            int end = start;
            while (end < path.length && path[end] != '/') {
                end++;
            }
            byte[] name = Arrays.copyOfRange(path, start, end);
            Optional<ErofsDirent> entry = inode.isDirectory()
                    ? list(inode).stream()
                            .filter(candidate -> Arrays.equals(candidate.name(), name))
                            .findFirst()
                    : Optional.empty();
            if (entry.isEmpty()) {
                return Optional.empty();
            }
            inode = inode(entry.get().nid());
            start = end + 1;
        }
        return Optional.of(inode);
    }

    /** Extended attributes: full names, sorted, to raw values. */
    public Map<String, byte[]> xattrs(ErofsInode inode) throws IOException {
        return xattrs.read(inode);
    }

    /** Target of a symlink, 1 to 4095 bytes. */
    public byte[] symlinkTarget(ErofsInode symlink) throws IOException {
        if (!symlink.isSymlink() || symlink.size() == 0 || symlink.size() > OnDisk.PATH_MAX) {
            throw new ErofsException("inode " + symlink.nid() + " is no symlink or has a target of a wrong length");
        }
        ByteBuffer target = contents.block(symlink, 0);
        byte[] bytes = new byte[target.remaining()];
        target.get(bytes);
        return bytes;
    }

    /** Where the contents of a regular file lie, in the order of the file, without gaps. */
    public List<ErofsExtent> extents(ErofsInode file) throws IOException {
        if (!file.isRegularFile()) {
            throw new ErofsException("inode " + file.nid() + " is no regular file");
        }
        return contents.extents(file);
    }

    /**
     * The chunks of a regular file, one by one, in the order of the file; the last may be shorter than the others.
     *
     * @throws ErofsException also if the file is not stored in chunks
     */
    public List<ErofsChunk> chunks(ErofsInode file) throws IOException {
        return contents.listChunks(file);
    }

    /**
     * Shows a visitor every name, a directory before what is below it.
     *
     * @throws ErofsException also if a directory has two names, a path is longer than 4095 bytes, or a directory entry says
     *     another type than its inode
     */
    public void walk(ErofsVisitor visitor) throws IOException {
        new Walk(visitor).run();
    }

    @Override
    public void close() throws IOException {
        image.close();
    }

    /** One walk over the tree, depth first, with its own stack. */
    private final class Walk {
        private final ErofsVisitor visitor;
        private final Deque<Level> levels = new ArrayDeque<>();
        private final Set<Long> seen = new HashSet<>();
        /** Every entry takes 12 bytes of its own, so that more entries than this lie in each other. */
        private long entriesLeft = image.size() / OnDisk.DIRENT;

        Walk(ErofsVisitor visitor) {
            this.visitor = visitor;
        }

        void run() throws IOException {
            enter(new byte[0], root());
            while (!levels.isEmpty()) {
                Level level = levels.element();
                if (!level.entries.hasNext()) {
                    levels.remove();
                    continue;
                }
                ErofsDirent entry = level.entries.next();
                ErofsInode inode = inode(entry.nid());
                byte[] path = join(level.path, entry.name());
                if (OnDisk.fileType(inode.mode()) != entry.type()) {
                    throw new ErofsException("type of a directory entry is not that of its inode: " + Names.show(path));
                }
                if (inode.isDirectory()) {
                    enter(path, inode);
                } else {
                    visitor.visit(path, inode);
                }
            }
        }

        private void enter(byte[] path, ErofsInode directory) throws IOException {
            if (!seen.add(directory.nid())) {
                throw new ErofsException("directory has two names: " + Names.show(path));
            }
            List<ErofsDirent> entries = list(directory);
            entriesLeft -= entries.size();
            if (entriesLeft < 0) {
                throw new ErofsException("directories share their blocks");
            }
            visitor.visit(path, directory);
            levels.push(new Level(path, entries.iterator()));
        }
    }

    private record Level(byte[] path, Iterator<ErofsDirent> entries) {}

    private static byte[] join(byte[] directory, byte[] name) throws ErofsException {
        ByteArrayOutputStream path = new ByteArrayOutputStream(directory.length + 1 + name.length);
        path.writeBytes(directory);
        if (directory.length > 0) {
            path.write('/');
        }
        path.writeBytes(name);
        if (path.size() > OnDisk.PATH_MAX) {
            throw new ErofsException("path is longer than 4095 bytes: " + Names.show(path.toByteArray()));
        }
        return path.toByteArray();
    }
}
