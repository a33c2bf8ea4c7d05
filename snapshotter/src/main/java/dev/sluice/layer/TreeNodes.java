package dev.sluice.layer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a {@link LayerTree} by their clean paths, and the limits of their number and size. What is above a node is always
 * directories. Not safe for use by many threads.
 */
final class TreeNodes {
    /** A directory that had an entry, and is no more. */
    private record Removed(String path, Attributes attributes) {}

    private final int maxNodes;
    private final long maxBytes;
    private final TreeMap<String, TreeNode> nodes = new TreeMap<>();
    private final TreeNode.Directory root = new TreeNode.Directory();
    private final RootPath rootPath = new RootPath(nodes);
    private final List<Removed> removed = new ArrayList<>();
    private long bytes;
    private String lastPath = "";
    private TreeNode.Directory lastDirectory = root;

    TreeNodes(int maxNodes, long maxBytes) {
        this.maxNodes = maxNodes;
        this.maxBytes = maxBytes;
        nodes.put("", root);
    }

    TreeNode.Directory root() {
        return root;
    }

    @Nullable
    TreeNode get(String path) {
        return nodes.get(path);
    }

    /** The path of an entry of this name: nothing above it is a symbolic link. */
    String path(String name) throws InvalidLayerException {
        String path = TarPath.clean(name);
        String parent = TarPath.parent(path);
        return isBelowDirectories(parent) ? path : join(rootPath.resolve(parent), TarPath.base(path));
    }

    /** The path of what a hard link points to: it may be a symbolic link, but none is above it. */
    String targetPath(String target) throws InvalidLayerException {
        String clean = TarPath.clean(target);
        boolean isPlain = target.endsWith(TarPath.base(clean)) && !target.contains("..");
        if (isPlain && isBelowDirectories(TarPath.parent(clean))) {
            return clean;
        }
        int base = target.lastIndexOf('/') + 1;
        return join(rootPath.resolve(target.substring(0, base)), target.substring(base));
    }

    private static String join(String parent, String base) throws InvalidLayerException {
        return TarPath.clean(parent + "/" + base);
    }

    /** Whether what there is of a path is directories. */
    private boolean isBelowDirectories(String path) {
        if (path.equals(lastPath)) {
            return true;
        }
        String there = path;
        @Nullable TreeNode node = nodes.get(there);
        while (node == null) {
            there = TarPath.parent(there);
            node = nodes.get(there);
        }
        return node instanceof TreeNode.Directory;
    }

    /** Removes what is at a path, and beneath it. */
    void makeRoom(String path) {
        if (nodes.get(path) instanceof TreeNode.Directory) {
            // '0' is the character after '/'.
            Map<String, TreeNode> beneath = nodes.subMap(path + "/", path + "0");
            note(nodes.subMap(path, true, path, true));
            note(beneath);
            beneath.clear();
            lastPath = "";
            lastDirectory = root;
        }
        nodes.remove(path);
    }

    private void note(Map<String, TreeNode> subtree) {
        subtree.forEach((path, node) -> {
            if (node instanceof TreeNode.Directory directory && directory.named) {
                removed.add(new Removed(path, directory.attributes));
            }
        });
    }

    void put(String path, TreeNode node) throws InvalidLayerException {
        directoryAt(TarPath.parent(path));
        insert(path, node);
    }

    private void insert(String path, TreeNode node) throws InvalidLayerException {
        nodes.put(path, node);
        if (nodes.size() - 1 + removed.size() > maxNodes) {
            throw new InvalidLayerException("layer has more than " + maxNodes + " names");
        }
        charge(path.length());
    }

    /** Counts characters and bytes that are kept. */
    void charge(long more) throws InvalidLayerException {
        bytes += more;
        if (bytes > maxBytes) {
            throw new InvalidLayerException(
                    "paths, link targets and extended attributes of the layer take more than " + maxBytes + " bytes");
        }
    }

    /** The directory at a path, implied if it has no entry yet. */
    TreeNode.Directory directoryAt(String path) throws InvalidLayerException {
        if (path.equals(lastPath)) {
            return lastDirectory;
        }
        Deque<String> missing = new ArrayDeque<>();
        String there = path;
        @Nullable TreeNode node = nodes.get(there);
        while (node == null) {
            missing.push(there);
            there = TarPath.parent(there);
            node = nodes.get(there);
        }
        if (!(node instanceof TreeNode.Directory existing)) {
            throw new InvalidLayerException("an entry lies below " + TarPath.quote(there) + ", which is no directory");
        }
        TreeNode.Directory directory = existing;
        for (String implied : missing) {
            directory = new TreeNode.Directory();
            insert(implied, directory);
        }
        lastPath = path;
        lastDirectory = directory;
        return directory;
    }

    /** Contents of the regular files that still have a name. */
    BitSet contents() {
        BitSet contents = new BitSet();
        for (TreeNode node : nodes.values()) {
            if (node instanceof TreeNode.RegularFile file) {
                contents.set(file.content);
            }
        }
        return contents;
    }

    /** See {@link LayerTree#entries}. */
    List<Entry> entries(IntToLongFunction deviceOffset) throws InvalidLayerException {
        setTimesOfRemoved();
        forgetFirstPaths(nodes.values());
        List<Entry> entries = new ArrayList<>(nodes.size());
        for (Map.Entry<String, TreeNode> e : nodes.entrySet()) {
            String path = e.getKey();
            if (e.getValue() instanceof TreeNode.Linkable node) {
                if (node.firstPath.isEmpty()) {
                    node.firstPath = path;
                    entries.add(node.entry(path, deviceOffset));
                } else {
                    entries.add(new Entry.HardLink(path, node.firstPath));
                }
            } else if (e.getValue() instanceof TreeNode.Whiteout whiteout) {
                entries.add(new Entry.CharDevice(path, whiteout.attributes, 0, 0));
            } else if (e.getValue() instanceof TreeNode.Directory directory) {
                if (directory.named || (directory.opaque && path.isEmpty())) {
                    entries.add(directory.entry(path));
                } else if (!path.isEmpty()) {
                    checkImplied(path, directory);
                }
            }
        }
        return entries;
    }

    /**
     * containerd sets the times of directories after the last entry, at their names, whatever is there by then.
     *
     * @throws InvalidLayerException if nothing is there, as containerd fails then
     */
    private void setTimesOfRemoved() throws InvalidLayerException {
        for (Removed directory : removed) {
            @Nullable TreeNode now = nodes.get(rootPath.resolve(directory.path));
            if (now == null) {
                throw new InvalidLayerException(
                        "directory " + TarPath.quote(directory.path) + " was replaced by something else");
            }
            if (!(now instanceof TreeNode.Directory)) {
                now.attributes = AppliedAttributes.withTimeOf(now.attributes, directory.attributes);
            }
        }
    }

    private static void forgetFirstPaths(Collection<TreeNode> all) {
        for (TreeNode node : all) {
            if (node instanceof TreeNode.Linkable linkable) {
                linkable.firstPath = "";
            }
        }
    }

    private void checkImplied(String path, TreeNode.Directory directory) throws InvalidLayerException {
        if (directory.opaque) {
            throw new InvalidLayerException("directory " + TarPath.quote(path)
                    + " is opaque but has no entry, its attributes are those of a lower layer");
        }
        @Nullable String next = nodes.higherKey(path + "/");
        if (next == null || !next.startsWith(path + "/")) {
            throw new InvalidLayerException(
                    "directory " + TarPath.quote(path) + " has neither entries nor one of its own");
        }
    }
}
