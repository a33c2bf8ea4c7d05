package dev.sluice.layer.erofs;

import dev.sluice.erofs.ErofsExtent;
import dev.sluice.erofs.ErofsInode;
import dev.sluice.erofs.ErofsReader;
import dev.sluice.erofs.ErofsSuperblock;
import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Where the contents of an image's files lie in the image, and where in the data device: in the same order. Immutable once it is read. */
final class ImageFiles {
    private static final int BLOCK = 4096;
    /**
     * Files may share bytes of the image, which the data device has once for each: so many times as large as the image their sum may be.
     */
    private static final int SHARING = 16;

    private final ErofsReader reader;
    private final long imageSize;
    private final ErofsLimits limits;
    private final Map<Long, File> files = new HashMap<>();
    private List<Piece> pieces = List.of();
    private long deviceSize;
    private long mapped;
    private long extents;
    private long names;

    /** A range of a file that is stored. All in bytes. */
    record Piece(long imageOffset, long deviceOffset, long length) {}

    private static final class File {
        final long size;
        final List<ErofsExtent> extents;
        long deviceOffset;

        File(long size, List<ErofsExtent> extents) {
            this.size = size;
            this.extents = extents;
        }

        long firstByte() {
            return extents.isEmpty() ? Long.MAX_VALUE : extents.get(0).deviceOffset();
        }
    }

    private ImageFiles(ErofsReader reader, long imageSize, ErofsLimits limits) {
        this.reader = reader;
        this.imageSize = imageSize;
        this.limits = limits;
    }

    /** @param imageSize in bytes */
    static ImageFiles read(ErofsReader reader, long imageSize, ErofsLimits limits) throws IOException {
        ImageFiles all = new ImageFiles(reader, imageSize, limits);
        reader.walk((path, inode) -> all.add(inode));
        all.place();
        return all;
    }

    /** Stored ranges of all files, by offset in the device. */
    List<Piece> pieces() {
        return pieces;
    }

    /** In bytes, a multiple of 4096. */
    long deviceSize() {
        return deviceSize;
    }

    /** Where a file that is not empty begins in the device. */
    long deviceOffset(long nid) {
        File file = files.get(nid);
        return file == null ? 0 : file.deviceOffset;
    }

    private void add(ErofsInode inode) throws IOException {
        names++;
        if (names > limits.entries()) {
            throw new InvalidLayerException("image has more than " + limits.entries() + " names");
        }
        if (!inode.isRegularFile() || inode.size() == 0 || files.containsKey(inode.nid())) {
            return;
        }
        List<ErofsExtent> stored = new ArrayList<>(1);
        for (ErofsExtent extent : reader.extents(inode)) {
            if (!extent.isHole()) {
                stored.add(inImage(inode, extent));
                mapped += extent.length();
                extents++;
            }
        }
        if (extents > limits.entries()) {
            throw new InvalidLayerException("files of the image have more than " + limits.entries() + " pieces");
        }
        if (mapped / SHARING > imageSize) {
            throw new InvalidLayerException("files of the image share their bytes more than " + SHARING + " times");
        }
        files.put(inode.nid(), new File(inode.size(), stored));
    }

    /** An extent of a device becomes one of the image if the device is mapped behind it, and the layer has it there. */
    private ErofsExtent inImage(ErofsInode inode, ErofsExtent extent) throws InvalidLayerException {
        ErofsSuperblock superblock = reader.superblock();
        long start = extent.deviceOffset();
        if (extent.device() > 0) {
            ErofsSuperblock.Device device = superblock.devices().get(extent.device() - 1);
            if (device.mappedBlock() == 0 || device.mappedBlock() > imageSize / superblock.blockSize()) {
                throw elsewhere(inode);
            }
            start += device.mappedBlock() * superblock.blockSize();
        }
        if (start > imageSize - extent.length()) {
            throw elsewhere(inode);
        }
        return new ErofsExtent(extent.fileOffset(), extent.length(), 0, start);
    }

    private static InvalidLayerException elsewhere(ErofsInode inode) {
        return new InvalidLayerException(
                "contents of inode " + inode.nid() + " are on another device, which the layer does not have");
    }

    private void place() throws InvalidLayerException {
        List<Map.Entry<Long, File>> order = new ArrayList<>(files.entrySet());
        order.sort(Comparator.comparingLong(
                        (Map.Entry<Long, File> file) -> file.getValue().firstByte())
                .thenComparing(Map.Entry::getKey));
        List<Piece> all = new ArrayList<>();
        for (Map.Entry<Long, File> entry : order) {
            File file = entry.getValue();
            if (file.size > limits.device() - deviceSize) {
                throw new InvalidLayerException("files of the image take more than " + limits.device() + " bytes");
            }
            file.deviceOffset = deviceSize;
            for (ErofsExtent extent : file.extents) {
                all.add(new Piece(extent.deviceOffset(), deviceSize + extent.fileOffset(), extent.length()));
            }
            deviceSize += (file.size + BLOCK - 1) / BLOCK * BLOCK;
        }
        pieces = List.copyOf(all);
    }
}
