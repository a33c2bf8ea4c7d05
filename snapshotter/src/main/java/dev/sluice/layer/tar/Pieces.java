package dev.sluice.layer.tar;

import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PlainLayerLimits;
import java.util.Arrays;

/** Which bytes of the tar are which bytes of the data device, in columns: there may be millions of pieces. Not safe for use by many threads. */
final class Pieces {
    private static final int BLOCK = 4096;

    private final PlainLayerLimits limits;
    private long[] tarOffset = new long[256];
    private long[] deviceOffset = new long[256];
    private long[] length = new long[256];
    private int[] file = new int[256];
    private int count;

    private long[] fileOffset = new long[256];
    private int files;
    private long deviceSize;

    Pieces(PlainLayerLimits limits) {
        this.limits = limits;
    }

    /** Number that the next file will have. */
    int nextFile() {
        return files;
    }

    /**
     * Adds a file behind all others.
     *
     * @param tarStart where its data begin in the tar
     * @return where it begins in the device
     */
    long add(TarHeader header, long tarStart) throws InvalidLayerException {
        long start = deviceSize;
        if (header.size > limits.device() - start) {
            throw new InvalidLayerException("files of the layer take more than " + limits.device() + " bytes");
        }
        if (files == fileOffset.length) {
            fileOffset = Arrays.copyOf(fileOffset, 2 * files);
        }
        fileOffset[files] = start;
        if (header.sparse.isEmpty()) {
            addPiece(tarStart, start, header.size);
        } else {
            addParts(header.sparse.get(), header.storedSize, tarStart);
        }
        files++;
        deviceSize = start + (header.size + BLOCK - 1) / BLOCK * BLOCK;
        return start;
    }

    private void addParts(SparseMap map, long stored, long tarStart) throws InvalidLayerException {
        if (map.stored() != stored) {
            throw new InvalidLayerException(
                    "sparse file has " + stored + " bytes of data and parts of " + map.stored() + " bytes");
        }
        long from = tarStart;
        for (int i = 0; i < map.count(); i++) {
            addPiece(from, deviceSize + map.offset(i), map.length(i));
            from += map.length(i);
        }
    }

    private void addPiece(long from, long to, long bytes) throws InvalidLayerException {
        if (bytes == 0) {
            return;
        }
        if (count == limits.entries()) {
            throw new InvalidLayerException("files of the layer have more than " + limits.entries() + " pieces");
        }
        if (count == length.length) {
            int size = count + (count >> 1);
            tarOffset = Arrays.copyOf(tarOffset, size);
            deviceOffset = Arrays.copyOf(deviceOffset, size);
            length = Arrays.copyOf(length, size);
            file = Arrays.copyOf(file, size);
        }
        tarOffset[count] = from;
        deviceOffset[count] = to;
        length[count] = bytes;
        file[count] = files;
        count++;
    }

    /** Pieces of all files, as they follow each other in the tar. None is empty. */
    int count() {
        return count;
    }

    long tarOffset(int piece) {
        return tarOffset[piece];
    }

    long deviceOffset(int piece) {
        return deviceOffset[piece];
    }

    long length(int piece) {
        return length[piece];
    }

    int file(int piece) {
        return file[piece];
    }

    /** Where a file begins in the device. */
    long fileOffset(int number) {
        return fileOffset[number];
    }

    /** In bytes, a multiple of 4096. */
    long deviceSize() {
        return deviceSize;
    }
}
