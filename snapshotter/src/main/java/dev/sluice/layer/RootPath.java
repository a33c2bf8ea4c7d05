package dev.sluice.layer;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Resolves symbolic links in paths as {@code fs.RootPath} of containerd's continuity does while a layer is unpacked: links lead at
 * most to the layer's root, and those of lower layers are not seen. The target of a link is put in its place and then made clean, so
 * that {@code ..} behind a link of a link is not what the kernel would take it for. Not safe for use by many threads.
 */
final class RootPath {
    private static final int MAX_LINKS = 255;
    /** Of the kernel. */
    private static final int MAX_NESTED_LINKS = 40;
    /** Most characters of all paths that are looked up, so that links of links do not keep us busy for hours. */
    private static final long MAX_WORK = 1L << 30;

    private final Map<String, TreeNode> nodes;
    private long work;

    /** @param nodes by clean path; changes of it are seen */
    RootPath(Map<String, TreeNode> nodes) {
        this.nodes = nodes;
    }

    /**
     * Where a path leads to, itself clean and without symbolic links. Neither it nor what is above it need exist.
     *
     * @param path need not be clean
     * @throws InvalidLayerException if there are too many links, or a file where a directory should be
     */
    String resolve(String path) throws InvalidLayerException {
        String from = path;
        int links = 0;
        while (true) {
            int before = links;
            // Where the parts until now lead to; the target of a link stays as it is until the next part or the next
            // round.
            String to = "";
            for (String part : from.split("/", -1)) {
                if (part.isEmpty()) {
                    continue;
                }
                if (links > MAX_LINKS) {
                    throw new InvalidLayerException(
                            "more than " + MAX_LINKS + " symbolic links in " + TarPath.quote(path));
                }
                String next = TarPath.clean(to + "/" + part);
                if (lookUp(next) instanceof TreeNode.Symlink link) {
                    links++;
                    boolean isWhole = link.target.startsWith("/") || (to.isEmpty() && !from.startsWith("/"));
                    to = isWhole ? link.target : join(to, link.target);
                } else {
                    to = "/" + next;
                }
            }
            if (links == before) {
                return TarPath.clean(to);
            }
            charge(from);
            from = to;
        }
    }

    /** Both, clean, absolute if {@code to} is that or empty, or if they lead out of where they begin. */
    private static String join(String to, String target) throws InvalidLayerException {
        String both = to + "/" + target;
        int depth = 0;
        boolean isAbsolute = both.startsWith("/");
        for (String part : both.split("/", -1)) {
            if (part.equals("..")) {
                depth--;
                isAbsolute |= depth < 0;
            } else if (!part.isEmpty() && !part.equals(".")) {
                depth++;
            }
        }
        String clean = TarPath.clean(both);
        return isAbsolute ? "/" + clean : clean;
    }

    private void charge(String path) throws InvalidLayerException {
        work += path.length() + 1;
        if (work > MAX_WORK) {
            throw new InvalidLayerException("layer has too many entries below symbolic links");
        }
    }

    /** What the kernel would find at a clean path, links above it followed; null if nothing, or nothing of this layer. */
    private @Nullable TreeNode lookUp(String path) throws InvalidLayerException {
        charge(path);
        @Nullable TreeNode there = nodes.get(path);
        return there != null || nodes.get(TarPath.parent(path)) instanceof TreeNode.Directory ? there : walk(path);
    }

    private @Nullable TreeNode walk(String path) throws InvalidLayerException {
        Deque<String> parts = new ArrayDeque<>();
        push(path, parts);
        String at = "";
        int links = 0;
        while (!parts.isEmpty()) {
            String part = parts.pop();
            if (part.isEmpty() || part.equals(".")) {
                continue;
            }
            if (part.equals("..")) {
                if (at.isEmpty()) {
                    return null;
                }
                at = TarPath.parent(at);
                continue;
            }
            String next = at.isEmpty() ? part : at + "/" + part;
            charge(next);
            @Nullable TreeNode there = nodes.get(next);
            if (there == null || parts.isEmpty()) {
                return there;
            }
            if (there instanceof TreeNode.Symlink link) {
                links++;
                if (links > MAX_NESTED_LINKS) {
                    throw new InvalidLayerException("symbolic links go in circles at " + TarPath.quote(path));
                }
                if (link.target.startsWith("/")) {
                    return null;
                }
                push(link.target, parts);
            } else if (there instanceof TreeNode.Directory) {
                at = next;
            } else {
                throw new InvalidLayerException(
                        TarPath.quote(path) + " lies below " + TarPath.quote(next) + ", which is no directory");
            }
        }
        return nodes.get(at);
    }

    private static void push(String path, Deque<String> parts) {
        String[] all = path.split("/", -1);
        for (int i = all.length - 1; i >= 0; i--) {
            parts.push(all[i]);
        }
    }
}
