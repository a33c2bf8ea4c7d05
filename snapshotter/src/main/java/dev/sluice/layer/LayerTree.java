package dev.sluice.layer;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The tree that the entries of a tar make when they are applied in their order, by the rules of containerd's {@code archive.Apply}
 * over an overlay mount:
 *
 * <ul>
 *   <li>a later entry replaces an earlier one of its name, with all that is beneath; only a directory over a directory keeps the
 *       children and changes the attributes;
 *   <li>a hard link needs a target that is already there and not a directory; its header's attributes become those of the file;
 *   <li>{@code .wh.NAME} is a {@link Entry.CharDevice} 0/0 at {@code NAME}, {@code .wh..wh..opq} is {@link #OPAQUE} on its directory;
 *   <li>attributes of the root are ignored: it has mode 0755 and belongs to 0:0.
 * </ul>
 *
 * <p>Where an order of whiteouts and entries would make containerd fail, or make a difference that builders do not mean, an entry
 * wins over the whiteout of its name. What is hostile or ambiguous is refused, so that the layer can be unpacked in full instead.
 *
 * <p>Not safe for use by many threads.
 */
public final class LayerTree {
    /** Extended attribute of a directory that hides all of its name in lower layers. */
    public static final String OPAQUE = "trusted.overlay.opaque";

    private static final int MAX_TARGET = 4095;
    private static final int MAX_MAJOR = (1 << 12) - 1;
    private static final int MAX_MINOR = (1 << 20) - 1;

    private final int maxNodes;
    private final long maxBytes;
    private final TreeMap<String, TreeNode> nodes = new TreeMap<>();
    private final TreeNode.Directory root = new TreeNode.Directory();
    private long bytes;
    private String lastPath = "";
    private TreeNode.Directory lastDirectory = root;

    /**
     * @param maxNodes most names, counted with the directories that are not named but implied
     * @param maxBytes most characters of all paths and link targets and bytes of all extended attributes that are added
     */
    public LayerTree(int maxNodes, long maxBytes) {
        this.maxNodes = maxNodes;
        this.maxBytes = maxBytes;
        nodes.put("", root);
    }

    /** @throws InvalidLayerException if a rule is broken; so do all methods that add */
    public void directory(String name, Attributes attributes) throws InvalidLayerException {
        String path = TarPath.clean(name);
        if (path.isEmpty()) {
            root.name(new Attributes(0755, 0, 0, AppliedAttributes.mtime(attributes), 0, Map.of()));
        } else if (!isWhiteout(path, attributes)) {
            Attributes applied = applied(attributes, true);
            if (find(path) instanceof TreeNode.Directory there) {
                there.name(there.named ? AppliedAttributes.over(there.attributes, applied) : applied);
            } else {
                TreeNode.Directory node = new TreeNode.Directory();
                node.name(applied);
                replace(path, node);
            }
        }
    }

    /**
     * @param size in bytes
     * @param content any number of at least 0 by which the caller knows the file's bytes, see {@link #contents}
     * @return whether there is such a file now; its name may have been that of a whiteout
     */
    public boolean regularFile(String name, Attributes attributes, long size, int content)
            throws InvalidLayerException {
        String path = pathOfNonDirectory(name);
        if (isWhiteout(path, attributes)) {
            return false;
        }
        replace(path, new TreeNode.RegularFile(applied(attributes, true), size, content));
        return true;
    }

    /** @param target 1 to 4095 bytes, not resolved */
    public void symlink(String name, Attributes attributes, String target) throws InvalidLayerException {
        String path = pathOfNonDirectory(name);
        int length = TarPath.checkedBytes(target, 0, target.length());
        if (length == 0 || length > MAX_TARGET) {
            throw new InvalidLayerException(
                    "symbolic link " + TarPath.quote(path) + " has a target of " + length + " bytes");
        }
        if (!isWhiteout(path, attributes)) {
            charge(length);
            replace(path, new TreeNode.Symlink(AppliedAttributes.ofSymlink(applied(attributes, false)), target));
        }
    }

    /** @param target name of an entry that was added before and is there still */
    public void hardLink(String name, Attributes attributes, String target) throws InvalidLayerException {
        String path = pathOfNonDirectory(name);
        if (isWhiteout(path, attributes)) {
            return;
        }
        makeRoom(path);
        if (!(nodes.get(TarPath.clean(target)) instanceof TreeNode.Linkable node)) {
            throw new InvalidLayerException("hard link " + TarPath.quote(path) + " has the target "
                    + TarPath.quote(target) + ", which is no file that came before it");
        }
        Attributes own = applied(attributes, node instanceof TreeNode.RegularFile);
        node.attributes = AppliedAttributes.over(
                node.attributes, node instanceof TreeNode.Symlink ? AppliedAttributes.ofSymlink(own) : own);
        put(path, node);
    }

    public void charDevice(String name, Attributes attributes, long major, long minor) throws InvalidLayerException {
        device(name, attributes, major, minor, true);
    }

    public void blockDevice(String name, Attributes attributes, long major, long minor) throws InvalidLayerException {
        device(name, attributes, major, minor, false);
    }

    private void device(String name, Attributes attributes, long major, long minor, boolean character)
            throws InvalidLayerException {
        String path = pathOfNonDirectory(name);
        if (major < 0 || major > MAX_MAJOR || minor < 0 || minor > MAX_MINOR) {
            throw new InvalidLayerException(
                    "device " + TarPath.quote(path) + " has numbers that Linux does not know: " + major + ":" + minor);
        }
        if (!isWhiteout(path, attributes)) {
            Attributes applied = applied(attributes, false);
            replace(path, new TreeNode.Device(applied, character, (int) major, (int) minor));
        }
    }

    public void fifo(String name, Attributes attributes) throws InvalidLayerException {
        String path = pathOfNonDirectory(name);
        if (!isWhiteout(path, attributes)) {
            replace(path, new TreeNode.Fifo(applied(attributes, false)));
        }
    }

    /** Contents of the regular files that still have a name. */
    public BitSet contents() {
        BitSet contents = new BitSet();
        for (TreeNode node : nodes.values()) {
            if (node instanceof TreeNode.RegularFile file) {
                contents.set(file.content);
            }
        }
        return contents;
    }

    /**
     * All entries, ordered by path; of the names of a file the first is the file and the others are hard links.
     *
     * @param deviceOffset of a content, in bytes, a multiple of 4096; not asked for files of no bytes
     * @throws InvalidLayerException if a directory is opaque and has no entry of its own, so that its attributes are unknown
     */
    public List<Entry> entries(IntToLongFunction deviceOffset) throws InvalidLayerException {
        for (TreeNode node : nodes.values()) {
            if (node instanceof TreeNode.Linkable linkable) {
                linkable.firstPath = "";
            }
        }
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
                } else if (directory.opaque) {
                    throw new InvalidLayerException("directory " + TarPath.quote(path)
                            + " is opaque but has no entry, its attributes are those of a lower layer");
                }
            }
        }
        return entries;
    }

    /** Whether this was a whiteout, which is then done. */
    private boolean isWhiteout(String path, Attributes attributes) throws InvalidLayerException {
        if (WhiteoutName.isOpaque(path)) {
            directoryAt(TarPath.parent(path)).opaque = true;
            return true;
        }
        if (WhiteoutName.isMeta(path)) {
            return true;
        }
        if (!WhiteoutName.is(path)) {
            return false;
        }
        String hidden = WhiteoutName.hidden(path);
        @Nullable TreeNode there = find(hidden);
        if (there instanceof TreeNode.Directory directory && !directory.named) {
            throw new InvalidLayerException(
                    "whiteout " + TarPath.quote(path) + " hides a directory that has entries but none of its own");
        }
        if (there == null) {
            Attributes own = new Attributes(
                    0, attributes.uid(), attributes.gid(), AppliedAttributes.mtime(attributes), 0, Map.of());
            put(hidden, new TreeNode.Whiteout(own));
        }
        return true;
    }

    private static String pathOfNonDirectory(String name) throws InvalidLayerException {
        String path = TarPath.clean(name);
        if (path.isEmpty()) {
            throw new InvalidLayerException("root is no directory: " + TarPath.quote(name));
        }
        return path;
    }

    private void replace(String path, TreeNode node) throws InvalidLayerException {
        makeRoom(path);
        put(path, node);
    }

    /** Removes what is at a path, and beneath it. */
    private void makeRoom(String path) {
        if (nodes.remove(path) instanceof TreeNode.Directory) {
            // '0' is the character after '/'.
            nodes.subMap(path + "/", path + "0").clear();
            lastPath = "";
            lastDirectory = root;
        }
    }

    private @Nullable TreeNode find(String path) throws InvalidLayerException {
        directoryAt(TarPath.parent(path));
        return nodes.get(path);
    }

    private void put(String path, TreeNode node) throws InvalidLayerException {
        directoryAt(TarPath.parent(path));
        insert(path, node);
    }

    private void insert(String path, TreeNode node) throws InvalidLayerException {
        nodes.put(path, node);
        if (nodes.size() - 1 > maxNodes) {
            throw new InvalidLayerException("layer has more than " + maxNodes + " names");
        }
        charge(path.length());
    }

    private Attributes applied(Attributes header, boolean user) throws InvalidLayerException {
        Attributes applied = AppliedAttributes.of(header, user);
        for (Map.Entry<String, byte[]> xattr : applied.xattrs().entrySet()) {
            charge(xattr.getKey().length() + xattr.getValue().length);
        }
        return applied;
    }

    private void charge(long more) throws InvalidLayerException {
        bytes += more;
        if (bytes > maxBytes) {
            throw new InvalidLayerException(
                    "paths, link targets and extended attributes of the layer take more than " + maxBytes + " bytes");
        }
    }

    /** The directory at a path, implied if it has no entry yet. */
    private TreeNode.Directory directoryAt(String path) throws InvalidLayerException {
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
            if (WhiteoutName.is(implied)) {
                throw new InvalidLayerException("an entry lies below the whiteout " + TarPath.quote(implied));
            }
            directory = new TreeNode.Directory();
            insert(implied, directory);
        }
        lastPath = path;
        lastDirectory = directory;
        return directory;
    }
}
