package dev.sluice.layer.estargz;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.DecodedLayer;
import dev.sluice.layer.Decoders;
import dev.sluice.layer.Entry;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.LayerIndex;
import dev.sluice.linux.FileStatus;
import dev.sluice.linux.Linux;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Trees as text, by path, so that differences can be read. Left out are the root, directories with the attributes that those without
 * an entry get, and times of whiteouts, which are those of unpacking.
 */
final class TreeDescription {
    private static final String IMPLIED = "directory 755 0:0 ";

    private TreeDescription() {}

    static SortedMap<String, String> of(LayerIndex index, byte[] blob) throws IOException {
        DecodedLayer decoded = DecodedLayer.decode(index, blob, new Decoders(List.of(new GzipDecoder())));
        SortedMap<String, String> tree = new TreeMap<>();
        for (Entry entry : index.entries()) {
            if (!entry.path().isEmpty()) {
                tree.put(entry.path(), describe(entry, decoded));
            }
        }
        tree.values().removeIf(text -> text.startsWith(IMPLIED) && text.endsWith("{}"));
        return tree;
    }

    private static String describe(Entry entry, DecodedLayer decoded) {
        if (entry instanceof Entry.Directory e) {
            return "directory " + describe(e.attributes(), true);
        } else if (entry instanceof Entry.RegularFile e) {
            return "file " + describe(e.attributes(), true) + " " + hash(decoded.contents(e));
        } else if (entry instanceof Entry.Symlink e) {
            return "symlink " + describe(e.attributes(), true) + " " + e.target();
        } else if (entry instanceof Entry.HardLink e) {
            return "hard link to " + e.target();
        } else if (entry instanceof Entry.CharDevice e) {
            boolean isWhiteout = e.major() == 0 && e.minor() == 0;
            return "char " + describe(e.attributes(), !isWhiteout) + " " + e.major() + ":" + e.minor();
        } else if (entry instanceof Entry.BlockDevice e) {
            return "block " + describe(e.attributes(), true) + " " + e.major() + ":" + e.minor();
        }
        return "fifo " + describe(((Entry.Fifo) entry).attributes(), true);
    }

    private static String describe(Attributes a, boolean mtime) {
        return describe(a.mode(), a.uid(), a.gid(), mtime ? a.mtimeSeconds() : 0, a.xattrs());
    }

    private static String describe(int mode, int uid, int gid, long mtime, Map<String, byte[]> xattrs) {
        Map<String, String> values = new TreeMap<>();
        xattrs.forEach((name, value) -> values.put(name, HexFormat.of().formatHex(value)));
        return "%o %d:%d %d %s".formatted(mode, uid, gid, mtime, values);
    }

    static SortedMap<String, String> of(Path root) throws IOException {
        Linux linux = Linux.load();
        SortedMap<String, String> tree = new TreeMap<>();
        Map<Long, String> firstPaths = new HashMap<>();
        try (Stream<Path> walk = Files.walk(root)) {
            for (Path path : walk.sorted((a, b) -> name(root, a).compareTo(name(root, b)))
                    .toList()) {
                FileStatus status = linux.lstat(path);
                String first = firstPaths.putIfAbsent(status.inode(), name(root, path));
                if (!path.equals(root)) {
                    tree.put(name(root, path), first == null ? describe(linux, path, status) : "hard link to " + first);
                }
            }
        }
        tree.values().removeIf(text -> text.startsWith(IMPLIED) && text.endsWith("{}"));
        return tree;
    }

    private static String name(Path root, Path path) {
        return root.relativize(path).toString();
    }

    private static String describe(Linux linux, Path path, FileStatus status) throws IOException {
        Map<String, byte[]> xattrs = new HashMap<>();
        for (String name : linux.xattrs().list(path)) {
            xattrs.put(name, linux.xattrs().get(path, name).orElseThrow());
        }
        int type = status.mode() >> 12;
        boolean isWhiteout = type == 2 && status.rdevMajor() == 0 && status.rdevMinor() == 0;
        String attributes = describe(
                status.permissions(), status.uid(), status.gid(), isWhiteout ? 0 : status.mtimeSeconds(), xattrs);
        String device = " " + status.rdevMajor() + ":" + status.rdevMinor();
        return switch (type) {
            case 1 -> "fifo " + attributes;
            case 2 -> "char " + attributes + device;
            case 4 -> "directory " + attributes;
            case 6 -> "block " + attributes + device;
            case 8 -> "file " + attributes + " " + hash(Files.readAllBytes(path));
            case 10 -> "symlink " + attributes + " " + Files.readSymbolicLink(path);
            default -> throw new IOException("unexpected type of " + path + ": " + type);
        };
    }

    private static String hash(byte[] content) {
        return content.length + " " + HexFormat.of().formatHex(DecodedLayer.sha256(content));
    }
}
