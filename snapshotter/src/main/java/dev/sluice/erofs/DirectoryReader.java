package dev.sluice.erofs;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Reads directories and holds them to the order that lookups rely on. */
final class DirectoryReader {
    private static final byte[] DOT = {'.'};
    private static final byte[] DOT_DOT = {'.', '.'};

    private final ContentsReader contents;
    private final int blockSize;

    DirectoryReader(ContentsReader contents, ErofsSuperblock superblock) {
        this.contents = contents;
        this.blockSize = superblock.blockSize();
    }

    /** All entries but {@code .} and {@code ..}, both of which must be there unless the inode says that it has no {@code .}. */
    List<ErofsDirent> list(ErofsInode directory) throws IOException {
        if (!directory.isDirectory()) {
            throw new ErofsException("inode " + directory.nid() + " is no directory");
        }
        List<ErofsDirent> entries = new ArrayList<>();
        byte[] previous = {};
        int dots = directory.dotOmitted() ? 1 : 0;
        for (long block = 0; block * blockSize < directory.size(); block++) {
            for (ErofsDirent entry : parse(directory, contents.block(directory, block))) {
                if (Arrays.compareUnsigned(previous, entry.name()) >= 0) {
                    throw new ErofsException("entries of directory " + directory.nid() + " are not in order: "
                            + Names.show(previous) + " before " + Names.show(entry.name()));
                }
                previous = entry.name();
                boolean isDot = Arrays.equals(previous, DOT);
                if (isDot || Arrays.equals(previous, DOT_DOT)) {
                    dots++;
                    if (entry.type() != OnDisk.fileType(OnDisk.S_IFDIR) || (isDot && entry.nid() != directory.nid())) {
                        throw new ErofsException("directory " + directory.nid() + " has a wrong . or ..");
                    }
                } else {
                    entries.add(entry);
                }
            }
        }
        if (dots != 2) {
            throw new ErofsException("directory " + directory.nid() + " has no . or ..");
        }
        return entries;
    }

    private static List<ErofsDirent> parse(ErofsInode directory, ByteBuffer block) throws ErofsException {
        int size = block.limit();
        int first = size < OnDisk.DIRENT ? 0 : Short.toUnsignedInt(block.getShort(8));
        if (first < OnDisk.DIRENT || first % OnDisk.DIRENT != 0 || first > size) {
            throw bogus(directory);
        }
        int count = first / OnDisk.DIRENT;
        List<ErofsDirent> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int entry = i * OnDisk.DIRENT;
            int start = Short.toUnsignedInt(block.getShort(entry + 8));
            int end = i + 1 < count
                    ? Short.toUnsignedInt(block.getShort(entry + OnDisk.DIRENT + 8))
                    : endOfLastName(block, start);
            if (start < first || end > size || end <= start || end - start > OnDisk.NAME_MAX) {
                throw bogus(directory);
            }
            byte[] name = new byte[end - start];
            block.get(start, name);
            for (byte b : name) {
                if (b == 0 || b == '/') {
                    throw bogus(directory);
                }
            }
            entries.add(new ErofsDirent(name, block.getLong(entry), block.get(entry + 10)));
        }
        return entries;
    }

    private static int endOfLastName(ByteBuffer block, int start) {
        int end = start;
        while (end < block.limit() && block.get(end) != 0) {
            end++;
        }
        return end;
    }

    private static ErofsException bogus(ErofsInode directory) {
        return new ErofsException("directory " + directory.nid() + " has a bogus entry");
    }
}
