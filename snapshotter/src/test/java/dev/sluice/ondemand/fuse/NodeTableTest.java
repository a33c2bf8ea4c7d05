package dev.sluice.ondemand.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NodeTableTest {
    private static final PresentLayer LAYER = new PresentLayer(new byte[4096]);

    @Test
    void holdsWhatASortedMapWouldHold() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        TreeMap<Long, Node> expected = new TreeMap<>();
        NodeTable table = NodeTable.EMPTY;
        for (int i = 0; i < 2000; i++) {
            Node node = new Node(Integer.toHexString(random.nextInt(100)), LAYER);
            Node present = expected.get(node.id());
            if (present == null) {
                table = table.with(node);
                expected.put(node.id(), node);
            } else {
                table = table.without(present);
                expected.remove(node.id());
            }
            long id = random.nextBoolean() ? node.id() : random.nextLong();
            assertThat(table.byId(id)).as("seed %d", seed).isSameAs(expected.get(id));
            assertThat(table.byName(node.name())).as("seed %d", seed).isSameAs(expected.get(node.id()));
            Map.Entry<Long, Node> next = expected.higherEntry(id);
            assertThat(table.after(id)).as("seed %d", seed).isSameAs(next == null ? null : next.getValue());
        }
    }

    @Test
    void anOldTableDoesNotChange() {
        Node node = new Node("a", LAYER);
        NodeTable with = NodeTable.EMPTY.with(node);

        assertThat(with.without(node).byId(node.id())).isNull();
        assertThat(with.byId(node.id())).isSameAs(node);
        assertThat(NodeTable.EMPTY.byId(node.id())).isNull();
        assertThatThrownBy(() -> with.with(new Node("a", LAYER))).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void idsArePositiveAndNeverTheRoots() {
        for (int i = 0; i < 10_000; i++) {
            assertThat(Node.idOf(Integer.toHexString(i))).isGreaterThan(Protocol.ROOT_ID);
        }
    }

    @Test
    void idsMustNotChangeBetweenVersionsOfSluice() {
        assertThat(Node.idOf("abc")).isEqualTo(0x6e9e05afe3c073faL);
    }
}
