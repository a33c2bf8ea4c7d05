package dev.sluice.ondemand.fuse;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** All attached devices, in the order of their ids. Immutable; a change makes a new table, so that lookups take no lock. */
final class NodeTable {
    static final NodeTable EMPTY = new NodeTable(new long[0], new Node[0]);

    private final long[] ids;
    private final Node[] nodes;

    private NodeTable(long[] ids, Node[] nodes) {
        this.ids = ids;
        this.nodes = nodes;
    }

    /** {@code null} if there is no such node. */
    @Nullable
    Node byId(long id) {
        int index = Arrays.binarySearch(ids, id);
        return index < 0 ? null : nodes[index];
    }

    /** {@code null} if there is no such file. */
    @Nullable
    Node byName(String name) {
        Node node = byId(Node.idOf(name));
        return node != null && node.name().equals(name) ? node : null;
    }

    /** The first node with an id greater than this one, {@code null} at the end. */
    @Nullable
    Node after(long id) {
        int index = Arrays.binarySearch(ids, id);
        int next = index < 0 ? -index - 1 : index + 1;
        return next < nodes.length ? nodes[next] : null;
    }

    /** @param node one whose id is not in the table */
    NodeTable with(Node node) {
        int index = -Arrays.binarySearch(ids, node.id()) - 1;
        if (index < 0) {
            throw new IllegalArgumentException("node is in the table: " + node.name());
        }
        long[] newIds = new long[ids.length + 1];
        Node[] newNodes = new Node[nodes.length + 1];
        System.arraycopy(ids, 0, newIds, 0, index);
        System.arraycopy(nodes, 0, newNodes, 0, index);
        newIds[index] = node.id();
        newNodes[index] = node;
        System.arraycopy(ids, index, newIds, index + 1, ids.length - index);
        System.arraycopy(nodes, index, newNodes, index + 1, nodes.length - index);
        return new NodeTable(newIds, newNodes);
    }

    NodeTable without(Node node) {
        Node[] rest = Arrays.stream(nodes).filter(n -> n != node).toArray(Node[]::new);
        return new NodeTable(Arrays.stream(rest).mapToLong(Node::id).toArray(), rest);
    }
}
