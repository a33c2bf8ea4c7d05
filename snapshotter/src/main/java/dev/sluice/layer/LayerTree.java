package dev.sluice.layer;

import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.function.IntToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The tree that the entries of a tar make when they are applied in their order, by the rules of containerd's {@code archive.Apply}
 * over an overlay mount:
 *
 * <ul>
 *   <li>names are made clean below the root, and symbolic links above the last part are followed, those of this layer and not out of the
 *       root; what is missing above an entry are directories without attributes of their own;
 *   <li>a later entry replaces an earlier one of its name, with all that is beneath; only a directory over a directory keeps the
 *       children and changes the attributes;
 *   <li>a hard link needs a target that is already there and not a directory; its header's attributes become those of the file;
 *   <li>{@code .wh.NAME} is a {@link Entry.CharDevice} 0/0 at {@code NAME}, {@code .wh..wh..opq} is {@link #OPAQUE} on its directory;
 *   <li>entries of the root are ignored: it has mode 0755 and belongs to 0:0.
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

    private static final Attributes NO_ATTRIBUTES = new Attributes(0, 0, 0, 0, 0, Map.of());
    private static final int MAX_TARGET = 4095;
    private static final int MAX_MAJOR = (1 << 12) - 1;
    private static final int MAX_MINOR = (1 << 20) - 1;

    private final TreeNodes nodes;

    /**
     * @param maxNodes most names, counted with the directories that are not named but implied
     * @param maxBytes most characters of all paths and link targets and bytes of all extended attributes that are added
     */
    public LayerTree(int maxNodes, long maxBytes) {
        nodes = new TreeNodes(maxNodes, maxBytes);
    }

    /** @throws InvalidLayerException if a rule is broken; so do all methods that add */
    public void directory(String name, Attributes attributes) throws InvalidLayerException {
        String path = nodes.path(name);
        if (path.isEmpty()) {
            nodes.root().name(new Attributes(0755, 0, 0, AppliedAttributes.mtime(attributes), 0, Map.of()));
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
     * @return whether there is such a file now; its name may have been that of a whiteout, or of the root
     */
    public boolean regularFile(String name, Attributes attributes, long size, int content)
            throws InvalidLayerException {
        String path = nodes.path(name);
        if (path.isEmpty() || isWhiteout(path, attributes)) {
            return false;
        }
        replace(path, new TreeNode.RegularFile(applied(attributes, true), size, content));
        return true;
    }

    /** @param target 1 to 4095 bytes, not resolved */
    public void symlink(String name, Attributes attributes, String target) throws InvalidLayerException {
        String path = nodes.path(name);
        if (path.isEmpty() || isWhiteout(path, attributes)) {
            return;
        }
        int length = TarPath.checkedBytes(target, 0, target.length());
        if (length == 0 || length > MAX_TARGET) {
            throw new InvalidLayerException(
                    "symbolic link " + TarPath.quote(path) + " has a target of " + length + " bytes");
        }
        nodes.charge(length);
        replace(path, new TreeNode.Symlink(AppliedAttributes.ofSymlink(applied(attributes, false)), target));
    }

    /** @param target name of an entry that was added before and is there still */
    public void hardLink(String name, Attributes attributes, String target) throws InvalidLayerException {
        String path = nodes.path(name);
        if (path.isEmpty() || isWhiteout(path, attributes)) {
            return;
        }
        nodes.makeRoom(path);
        if (!(nodes.get(nodes.targetPath(target)) instanceof TreeNode.Linkable node)) {
            throw new InvalidLayerException("hard link " + TarPath.quote(path) + " has the target "
                    + TarPath.quote(target) + ", which is no file that came before it");
        }
        Attributes own = applied(attributes, node instanceof TreeNode.RegularFile);
        node.attributes = AppliedAttributes.over(
                node.attributes, node instanceof TreeNode.Symlink ? AppliedAttributes.ofSymlink(own) : own);
        nodes.put(path, node);
    }

    public void charDevice(String name, Attributes attributes, long major, long minor) throws InvalidLayerException {
        device(name, attributes, major, minor, true);
    }

    public void blockDevice(String name, Attributes attributes, long major, long minor) throws InvalidLayerException {
        device(name, attributes, major, minor, false);
    }

    private void device(String name, Attributes attributes, long major, long minor, boolean character)
            throws InvalidLayerException {
        String path = nodes.path(name);
        if (path.isEmpty() || isWhiteout(path, attributes)) {
            return;
        }
        if (major < 0 || major > MAX_MAJOR || minor < 0 || minor > MAX_MINOR) {
            throw new InvalidLayerException(
                    "device " + TarPath.quote(path) + " has numbers that Linux does not know: " + major + ":" + minor);
        }
        Attributes applied = applied(attributes, false);
        replace(path, new TreeNode.Device(applied, character, (int) major, (int) minor));
    }

    public void fifo(String name, Attributes attributes) throws InvalidLayerException {
        String path = nodes.path(name);
        if (!path.isEmpty() && !isWhiteout(path, attributes)) {
            replace(path, new TreeNode.Fifo(applied(attributes, false)));
        }
    }

    /** Global pax records have a name, too. containerd makes nothing of them, but it does make room for that. */
    public void globalRecords(String name) throws InvalidLayerException {
        String path = nodes.path(name);
        if (!path.isEmpty() && !isWhiteout(path, NO_ATTRIBUTES)) {
            find(path);
            nodes.makeRoom(path);
        }
    }

    /**
     * An entry that is none of the above. Only the name of a whiteout, or of the root, keeps containerd from refusing it.
     *
     * @param what it is, for the message
     */
    public void unknown(String name, Attributes attributes, String what) throws InvalidLayerException {
        String path = nodes.path(name);
        if (!path.isEmpty() && !isWhiteout(path, attributes)) {
            throw new InvalidLayerException("entry " + TarPath.quote(path) + " is " + what);
        }
    }

    /** Contents of the regular files that still have a name. */
    public BitSet contents() {
        return nodes.contents();
    }

    /**
     * All entries, ordered by path; of the names of a file the first is the file and the others are hard links.
     *
     * @param deviceOffset of a content, in bytes, a multiple of 4096; not asked for files of no bytes
     * @throws InvalidLayerException if a directory is opaque and has no entry of its own, so that its attributes are unknown, or if
     *     containerd could not set the times of directories
     */
    public List<Entry> entries(IntToLongFunction deviceOffset) throws InvalidLayerException {
        return nodes.entries(deviceOffset);
    }

    /** Whether this was a whiteout, which is then done. */
    private boolean isWhiteout(String path, Attributes attributes) throws InvalidLayerException {
        if (WhiteoutName.isOpaque(path)) {
            nodes.directoryAt(TarPath.parent(path)).opaque = true;
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
            nodes.put(hidden, new TreeNode.Whiteout(own));
        }
        return true;
    }

    private void replace(String path, TreeNode node) throws InvalidLayerException {
        nodes.makeRoom(path);
        nodes.put(path, node);
    }

    private @Nullable TreeNode find(String path) throws InvalidLayerException {
        nodes.directoryAt(TarPath.parent(path));
        return nodes.get(path);
    }

    private Attributes applied(Attributes header, boolean user) throws InvalidLayerException {
        Attributes applied = AppliedAttributes.of(header, user);
        for (Map.Entry<String, byte[]> xattr : applied.xattrs().entrySet()) {
            nodes.charge(xattr.getKey().length() + xattr.getValue().length);
        }
        return applied;
    }
}
