package dev.sluice.erofs;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/** A tree of entries as plain objects: what a writer is given and what a reader or the kernel must then say. */
final class TestTree {
    static final ErofsAttributes PLAIN = attributes(0644, 0, 0, 0, 0, Map.of());
    private static final long SHOWN_CONTENTS = 1 << 20;

    private final Map<String, Node> nodes = new TreeMap<>();
    private long deviceEnd;

    /** @param detail target of a link, or {@code major:minor} */
    private record Node(String path, int type, ErofsAttributes attributes, long size, long offset, String detail) {}

    static ErofsAttributes attributes(int mode, int uid, int gid, long seconds, int nanos, Map<String, byte[]> xattrs) {
        return new ErofsAttributes(mode, uid, gid, seconds, nanos, xattrs);
    }

    /** Paths in this class hold one byte in every character. */
    static byte[] bytes(String path) {
        return path.getBytes(StandardCharsets.ISO_8859_1);
    }

    static String text(byte[] path) {
        return new String(path, StandardCharsets.ISO_8859_1);
    }

    TestTree directory(String path, ErofsAttributes attributes) {
        return put(new Node(path, OnDisk.S_IFDIR, attributes, 0, 0, ""));
    }

    TestTree directory(String path) {
        return directory(path, attributes(0755, 0, 0, 0, 0, Map.of()));
    }

    /** A file at the next free block of the device. */
    TestTree file(String path, ErofsAttributes attributes, long size) {
        return file(path, attributes, size, deviceEnd);
    }

    TestTree file(String path, ErofsAttributes attributes, long size, long offset) {
        deviceEnd = Math.max(deviceEnd, OnDisk.align(offset + size, OnDisk.BLOCK));
        return put(new Node(path, OnDisk.S_IFREG, attributes, size, offset, ""));
    }

    TestTree symlink(String path, ErofsAttributes attributes, String target) {
        return put(new Node(path, OnDisk.S_IFLNK, attributes, target.length(), 0, target));
    }

    TestTree device(String path, ErofsAttributes attributes, boolean block, int major, int minor) {
        int type = block ? OnDisk.S_IFBLK : OnDisk.S_IFCHR;
        return put(new Node(path, type, attributes, 0, 0, major + ":" + minor));
    }

    TestTree fifo(String path, ErofsAttributes attributes) {
        return put(new Node(path, OnDisk.S_IFIFO, attributes, 0, 0, ""));
    }

    TestTree socket(String path, ErofsAttributes attributes) {
        return put(new Node(path, OnDisk.S_IFSOCK, attributes, 0, 0, ""));
    }

    TestTree hardLink(String path, String target) {
        return put(new Node(path, EntryTable.HARD_LINK, PLAIN, 0, 0, target));
    }

    long deviceBlocks() {
        return deviceEnd / OnDisk.BLOCK;
    }

    /** Adds everything to a writer, in an order that the seed decides. */
    void addTo(ErofsWriter writer, long seed) throws ErofsException {
        List<Node> shuffled = new ArrayList<>(nodes.values());
        Collections.shuffle(shuffled, new Random(seed));
        for (Node node : shuffled) {
            add(writer, node);
        }
    }

    /** Writes an image of the tree. */
    ErofsImageInfo write(Path image) throws IOException {
        ErofsWriter writer = new ErofsWriter(ErofsOptions.forDevice(deviceBlocks(), "data"));
        addTo(writer, 1);
        return writer.writeTo(image);
    }

    /** Makes the data device: pseudo-random bytes where small files are, holes elsewhere. */
    void writeDevice(Path data) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(data.toFile(), "rw")) {
            file.setLength(deviceEnd);
            for (Node node : nodes.values()) {
                if (node.type == OnDisk.S_IFREG && node.size <= SHOWN_CONTENTS) {
                    byte[] contents = new byte[(int) node.size];
                    new Random(node.offset).nextBytes(contents);
                    file.seek(node.offset);
                    file.write(contents);
                }
            }
        }
    }

    /**
     * One line for every name, in the order of a depth-first walk: path, mode, owner, group, links, size of files and symlinks,
     * mtime in nanoseconds, device number, symlink target, xattrs, SHA-256 of small files' contents.
     */
    List<String> dump(Path data) throws IOException {
        List<String> paths = new ArrayList<>(nodes.keySet());
        paths.sort((a, b) -> walkOrder(a).compareTo(walkOrder(b)));
        List<String> lines = new ArrayList<>();
        Map<String, Integer> links = links();
        try (RandomAccessFile device = new RandomAccessFile(data.toFile(), "r")) {
            for (String path : paths) {
                lines.add(line(path, links, device));
            }
        }
        return lines;
    }

    static String dumpLine(
            String path,
            int mode,
            ErofsAttributes attributes,
            int links,
            long size,
            String device,
            Optional<String> target,
            String digest) {
        int type = mode & OnDisk.S_IFMT;
        List<String> xattrs = attributes.xattrs().entrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .map(xattr -> xattr.getKey() + "=" + HexFormat.of().formatHex(xattr.getValue()))
                .toList();
        return String.join(
                "|",
                HexFormat.of().formatHex(bytes(path)),
                Integer.toOctalString(mode),
                Integer.toUnsignedString(attributes.uid()),
                Integer.toUnsignedString(attributes.gid()),
                Integer.toString(links),
                type == OnDisk.S_IFREG || type == OnDisk.S_IFLNK ? Long.toString(size) : "-",
                BigInteger.valueOf(attributes.mtimeSeconds())
                        .multiply(BigInteger.valueOf(1_000_000_000))
                        .add(BigInteger.valueOf(attributes.mtimeNanos()))
                        .toString(),
                device,
                target.map(text -> HexFormat.of().formatHex(bytes(text))).orElse("-"),
                String.join(",", xattrs),
                digest);
    }

    /** SHA-256 of a range of the device, or {@code -} if it is long. */
    static String digest(RandomAccessFile device, long offset, long size) throws IOException {
        if (size > SHOWN_CONTENTS) {
            return "-";
        }
        byte[] contents = new byte[(int) size];
        device.seek(offset);
        device.readFully(contents);
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(contents));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private TestTree put(Node node) {
        nodes.put(node.path, node);
        return this;
    }

    private static void add(ErofsWriter writer, Node node) throws ErofsException {
        byte[] path = bytes(node.path);
        switch (node.type) {
            case OnDisk.S_IFDIR -> writer.directory(path, node.attributes);
            case OnDisk.S_IFREG -> writer.file(path, node.attributes, node.size, node.offset);
            case OnDisk.S_IFLNK -> writer.symlink(path, node.attributes, bytes(node.detail));
            case OnDisk.S_IFIFO -> writer.fifo(path, node.attributes);
            case OnDisk.S_IFSOCK -> writer.socket(path, node.attributes);
            case EntryTable.HARD_LINK -> writer.hardLink(path, bytes(node.detail));
            default -> {
                int colon = node.detail.indexOf(':');
                int major = Integer.parseInt(node.detail.substring(0, colon));
                int minor = Integer.parseInt(node.detail.substring(colon + 1));
                boolean block = node.type == OnDisk.S_IFBLK;
                writer.device(path, node.attributes, block, major, minor);
            }
        }
    }

    private String line(String path, Map<String, Integer> allLinks, RandomAccessFile device) throws IOException {
        Node node = owner(node(path));
        int links = requireNonNull(allLinks.get(node.path));
        boolean isDevice = node.type == OnDisk.S_IFCHR || node.type == OnDisk.S_IFBLK;
        return dumpLine(
                path,
                node.type | node.attributes.mode(),
                node.attributes,
                links,
                node.size,
                isDevice ? node.detail : "0:0",
                node.type == OnDisk.S_IFLNK ? Optional.of(node.detail) : Optional.empty(),
                node.type == OnDisk.S_IFREG ? digest(device, node.offset, node.size) : "-");
    }

    private Node node(String path) {
        return requireNonNull(nodes.get(path), path);
    }

    private Node owner(Node node) {
        return node.type == EntryTable.HARD_LINK ? owner(node(node.detail)) : node;
    }

    /** Link count of every inode, by the path of its owner. */
    private Map<String, Integer> links() {
        Map<String, Integer> links = new HashMap<>();
        for (Node node : nodes.values()) {
            links.merge(owner(node).path, 1, Integer::sum);
            if (node.type == OnDisk.S_IFDIR) {
                links.merge(node.path, 1, Integer::sum);
                if (!node.path.isEmpty()) {
                    links.merge(parent(node.path), 1, Integer::sum);
                }
            }
        }
        return links;
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    /** A slash comes before every byte of a name, so that what is below a name follows it at once. */
    private static String walkOrder(String path) {
        return path.replace('/', '\0');
    }
}
