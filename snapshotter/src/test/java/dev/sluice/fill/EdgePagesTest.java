package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class EdgePagesTest {
    /** Every span ends a thousand bytes further into a page than the one before. */
    private static final int SPAN = PAGE + 1000;

    private final AtomicInteger held = new AtomicInteger();
    private TestLayer layer;
    private EdgePages edges;

    EdgePagesTest() throws IOException {
        layer = TestLayer.plain(4, SPAN);
        edges = new EdgePages(layer.table(), held, 2);
    }

    @BeforeEach
    void nothingIsHeld() {
        assertThat(held).hasValue(0);
    }

    @Test
    void aPageIsWholeWhenAllItsExtentsAreKnown() {
        assertThat(add(PAGE, 0)).isFalse();
        assertThat(edges.knows(PAGE, 0)).isTrue();
        assertThat(edges.knows(PAGE, 1)).isFalse();
        assertThat(add(PAGE, 0)).as("the same again").isFalse();

        byte[] whole = edges.add(PAGE, 0, 2, 1, decoded(1)).orElseThrow();

        assertThat(whole).isEqualTo(Arrays.copyOfRange(layer.contents(), PAGE, 2 * PAGE));
        assertThat(add(PAGE, 1)).as("only once").isFalse();
        edges.remove(PAGE);
        assertThat(held).hasValue(0);
        assertThat(edges.knows(PAGE, 0)).isFalse();
    }

    @Test
    void theOldestGoesWhenThereAreTooMany() {
        add(PAGE, 0);
        add(2 * PAGE, 1);
        add(3 * PAGE, 2);

        assertThat(held).hasValue(2);
        assertThat(edges.knows(PAGE, 0)).isFalse();
        assertThat(edges.knows(2 * PAGE, 1)).isTrue();
        assertThat(edges.knows(3 * PAGE, 2)).isTrue();
    }

    @Test
    void layersShareTheBound() {
        EdgePages other = new EdgePages(layer.table(), held, 2);
        add(PAGE, 0);
        add(2 * PAGE, 1);
        other.add(PAGE, 0, 2, 0, decoded(0));
        assertThat(other.knows(PAGE, 0)).as("no room").isFalse();

        edges.close();

        assertThat(held).hasValue(0);
        other.add(PAGE, 0, 2, 0, decoded(0));
        assertThat(other.knows(PAGE, 0)).isTrue();
        assertThat(add(PAGE, 0)).isFalse();
        assertThat(edges.knows(PAGE, 0)).as("closed").isFalse();
    }

    private boolean add(long page, int span) {
        SpanTable table = layer.table();
        int first = table.firstExtentEndingAfter(page);
        return edges.add(page, first, 2, span, decoded(span)).isPresent();
    }

    private ByteBuffer decoded(int span) {
        return ByteBuffer.wrap(layer.blob()).slice(span * SPAN, SPAN);
    }
}
