package dev.sluice.erofs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What {@link ErofsReader} says of every name, in the form of {@link TestTree#dump}. */
final class ReaderDump {
    private ReaderDump() {}

    static List<String> of(ErofsReader reader, Path data) throws IOException {
        List<String> lines = new ArrayList<>();
        try (RandomAccessFile device = new RandomAccessFile(data.toFile(), "r")) {
            reader.walk((path, inode) -> lines.add(line(reader, path, inode, device)));
        }
        return lines;
    }

    private static String line(ErofsReader reader, byte[] path, ErofsInode inode, RandomAccessFile device)
            throws IOException {
        ErofsAttributes attributes = TestTree.attributes(
                inode.mode() & 07777,
                inode.uid(),
                inode.gid(),
                inode.mtimeSeconds(),
                inode.mtimeNanos(),
                reader.xattrs(inode));
        Optional<String> target =
                inode.isSymlink() ? Optional.of(TestTree.text(reader.symlinkTarget(inode))) : Optional.empty();
        return TestTree.dumpLine(
                TestTree.text(path),
                inode.mode(),
                attributes,
                inode.links(),
                inode.size(),
                inode.major() + ":" + inode.minor(),
                target,
                inode.isRegularFile() ? digest(reader, inode, device) : "-");
    }

    private static String digest(ErofsReader reader, ErofsInode file, RandomAccessFile device) throws IOException {
        List<ErofsExtent> extents = reader.extents(file);
        if (extents.isEmpty()) {
            return TestTree.digest(device, 0, 0);
        }
        if (extents.size() > 1 || extents.get(0).device() != 1 || extents.get(0).length() != file.size()) {
            throw new ErofsException("contents are not one range of device 1: " + extents);
        }
        return TestTree.digest(device, extents.get(0).deviceOffset(), file.size());
    }
}
