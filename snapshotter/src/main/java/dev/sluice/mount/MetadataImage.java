package dev.sluice.mount;

import dev.sluice.erofs.ErofsAttributes;
import dev.sluice.erofs.ErofsExtent;
import dev.sluice.erofs.ErofsInode;
import dev.sluice.erofs.ErofsOptions;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.erofs.ErofsSuperblock;
import dev.sluice.erofs.ErofsWriter;
import dev.sluice.layer.Attributes;
import dev.sluice.layer.Entry;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.PathBytes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Metadata images of layers. */
final class MetadataImage {
    /** What a directory gets that neither the layer nor one below names, as {@code mkdir -p} would. */
    static final ErofsAttributes UNNAMED_DIRECTORY = new ErofsAttributes(0755, 0, 0, 0, 0, Map.of());

    private static final int BLOCK = 4096;
    /** Bits of {@code st_mode}, from {@code linux/stat.h}. */
    private static final int TYPE = 0170000;

    private static final int BLOCK_DEVICE = 0060000;
    private static final int SOCKET = 0140000;
    private static final int PERMISSIONS = 07777;

    private MetadataImage() {}

    /**
     * Writes the metadata image of a layer.
     *
     * @return paths of the directories that the layer does not name, ordered; they are {@link #UNNAMED_DIRECTORY}
     */
    static List<String> write(LayerIndex index, Path file) throws IOException {
        ErofsWriter writer = new ErofsWriter(ErofsOptions.forDevice(
                index.spans().deviceSize() / BLOCK, index.indexDigest().substring(7)));
        for (Entry entry : index.entries()) {
            add(writer, entry);
        }
        List<String> missing = new ArrayList<>();
        for (byte[] path : writer.missingDirectories()) {
            writer.directory(path, UNNAMED_DIRECTORY);
            missing.add(PathBytes.decode(path));
        }
        writer.writeTo(file);
        return missing;
    }

    /**
     * Writes a copy of a metadata image with other attributes for some directories.
     *
     * @param directories paths of existing directories to what they get
     */
    static void rewrite(Path from, Path to, Map<String, ErofsAttributes> directories) throws IOException {
        try (ErofsReader reader = ErofsReader.open(from)) {
            ErofsSuperblock.Device device = reader.superblock().devices().get(0);
            ErofsWriter writer = new ErofsWriter(ErofsOptions.forDevice(device.blocks(), device.tag()));
            Map<Long, byte[]> firstNames = new HashMap<>();
            reader.walk((path, inode) -> {
                Optional<ErofsAttributes> other = Optional.ofNullable(directories.get(PathBytes.decode(path)));
                if (inode.isDirectory()) {
                    writer.directory(path, other.isPresent() ? other.get() : attributes(reader, inode));
                    return;
                }
                byte[] first = inode.links() > 1 ? firstNames.putIfAbsent(inode.nid(), path) : null;
                if (first != null) {
                    writer.hardLink(path, first);
                } else {
                    copy(reader, writer, path, inode);
                }
            });
            writer.writeTo(to);
        }
    }

    private static void copy(ErofsReader reader, ErofsWriter writer, byte[] path, ErofsInode inode) throws IOException {
        ErofsAttributes attributes = attributes(reader, inode);
        if (inode.isRegularFile()) {
            List<ErofsExtent> extents = reader.extents(inode);
            writer.file(
                    path,
                    attributes,
                    inode.size(),
                    extents.isEmpty() ? 0 : extents.get(0).deviceOffset());
        } else if (inode.isSymlink()) {
            writer.symlink(path, attributes, reader.symlinkTarget(inode));
        } else if (inode.isDevice()) {
            boolean block = (inode.mode() & TYPE) == BLOCK_DEVICE;
            writer.device(path, attributes, block, inode.major(), inode.minor());
        } else if ((inode.mode() & TYPE) == SOCKET) {
            writer.socket(path, attributes);
        } else {
            writer.fifo(path, attributes);
        }
    }

    private static ErofsAttributes attributes(ErofsReader reader, ErofsInode inode) throws IOException {
        return new ErofsAttributes(
                inode.mode() & PERMISSIONS,
                inode.uid(),
                inode.gid(),
                inode.mtimeSeconds(),
                inode.mtimeNanos(),
                reader.xattrs(inode));
    }

    private static void add(ErofsWriter writer, Entry entry) throws IOException {
        byte[] path = PathBytes.encode(entry.path());
        if (entry instanceof Entry.Directory e) {
            writer.directory(path, attributes(e.attributes()));
        } else if (entry instanceof Entry.RegularFile e) {
            writer.file(path, attributes(e.attributes()), e.size(), e.deviceOffset());
        } else if (entry instanceof Entry.Symlink e) {
            writer.symlink(path, attributes(e.attributes()), PathBytes.encode(e.target()));
        } else if (entry instanceof Entry.HardLink e) {
            writer.hardLink(path, PathBytes.encode(e.target()));
        } else if (entry instanceof Entry.CharDevice e) {
            writer.device(path, attributes(e.attributes()), false, e.major(), e.minor());
        } else if (entry instanceof Entry.BlockDevice e) {
            writer.device(path, attributes(e.attributes()), true, e.major(), e.minor());
        } else if (entry instanceof Entry.Fifo e) {
            writer.fifo(path, attributes(e.attributes()));
        } else if (entry instanceof Entry.Socket e) {
            writer.socket(path, attributes(e.attributes()));
        }
    }

    private static ErofsAttributes attributes(Attributes a) {
        return new ErofsAttributes(a.mode(), a.uid(), a.gid(), a.mtimeSeconds(), a.mtimeNanos(), a.xattrs());
    }
}
