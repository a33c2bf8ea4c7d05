package dev.sluice.e2e.registry;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinkTest {

    private static final long MILLI = 1_000_000;
    private static final long START = 1_000_000_000_000L;
    private static final long ONE_MEGABYTE_PER_SECOND = 1_000_000;

    @Test
    void aPacketTakesItsLengthDividedByTheBandwidth() {
        Link link = new Link(ONE_MEGABYTE_PER_SECOND, START);

        assertThat(link.send(10_000, START)).isEqualTo(START + 10 * MILLI);
    }

    @Test
    void packetsOfAllConnectionsQueueBehindEachOther() {
        Link link = new Link(ONE_MEGABYTE_PER_SECOND, START);

        link.send(10_000, START);
        assertThat(link.send(5_000, START + MILLI)).isEqualTo(START + 15 * MILLI);
        assertThat(link.bytes()).isEqualTo(15_000);
    }

    @Test
    void anIdleLinkDoesNotSaveUpBandwidth() {
        Link link = new Link(ONE_MEGABYTE_PER_SECOND, START);

        long later = START + 1000 * MILLI;
        link.send(10_000, later);
        long second = link.send(10_000, later);

        assertThat(second).isBetween(later + 18 * MILLI, later + 20 * MILLI);
    }

    @Test
    void nothingArrivesBeforeItWasSent() {
        Link link = new Link(ONE_MEGABYTE_PER_SECOND, START);

        assertThat(link.send(1, START + 500 * MILLI)).isEqualTo(START + 500 * MILLI);
    }
}
