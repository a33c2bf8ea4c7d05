package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class TransferEstimateTest {
    private static final Percentage ROUGHLY = Percentage.withPercentage(1);
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final TransferEstimate all = TransferEstimate.initial();
    private final TransferEstimate one = all.forOneBlob();

    @Test
    void beginsWithAnOrdinaryRegistry() {
        assertThat(one.bandwidthDelayProduct()).isEqualTo(1_000_000);
    }

    @Test
    void isLatencyTimesBandwidth() {
        one.firstByte(SECOND / 10);
        one.transferred(50_000_000, SECOND);

        assertThat(one.bandwidthDelayProduct()).isCloseTo(5_000_000, ROUGHLY);
    }

    @Test
    void followsTheLinkSlowly() {
        one.firstByte(SECOND / 10);
        one.transferred(50_000_000, SECOND);
        one.transferred(10_000_000, SECOND);

        assertThat(one.bandwidthDelayProduct()).isCloseTo(4_000_000, ROUGHLY);
    }

    @Test
    void aNewBlobBeginsWithWhatOthersMeasured() {
        one.firstByte(SECOND / 10);
        one.transferred(50_000_000, SECOND);
        TransferEstimate other = all.forOneBlob();
        assertThat(other.bandwidthDelayProduct()).isCloseTo(5_000_000, ROUGHLY);

        other.firstByte(SECOND);

        assertThat(other.bandwidthDelayProduct()).isCloseTo(50_000_000, ROUGHLY);
        assertThat(one.bandwidthDelayProduct()).isCloseTo(5_000_000, ROUGHLY);
    }

    @Test
    void shortTransfersSayNothingAboutBandwidth() {
        one.firstByte(SECOND / 10);
        one.transferred(50_000_000, SECOND);
        one.transferred(1000, 1);

        assertThat(one.bandwidthDelayProduct()).isCloseTo(5_000_000, ROUGHLY);
    }
}
