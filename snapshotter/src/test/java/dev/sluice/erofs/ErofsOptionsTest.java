package dev.sluice.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class ErofsOptionsTest {
    private static final UUID ANY = new UUID(1, 2);

    @Test
    void theUuidComesFromTheDeviceUnlessGiven() {
        ErofsOptions options = ErofsOptions.forDevice(5, "a");
        assertThat(options).isEqualTo(ErofsOptions.forDevice(5, "a"));
        assertThat(options.uuid()).isNotEqualTo(ErofsOptions.forDevice(5, "b").uuid());
        assertThat(options.withUuid(ANY).uuid()).isEqualTo(ANY);
        assertThat(options.withEpoch(-3, 4).epochSeconds()).isEqualTo(-3);
        assertThat(options.maxEntries()).isEqualTo(4 << 20);
    }

    @Test
    void refusesWhatTheFieldsOfAnImageCannotHold() {
        refused(-1, "t", 0, "", 1, "2^32");
        refused(1L << 32, "t", 0, "", 1, "2^32");
        refused(0, "", 0, "", 1, "1 to 64 bytes");
        refused(0, "\u00fc".repeat(33), 0, "", 1, "1 to 64 bytes");
        refused(0, "t", 1_000_000_000, "", 1, "epochNanos");
        refused(0, "t", 0, "sixteen-byte-lon", 1, "at most 15 bytes");
        refused(0, "t", 0, "", 0, "maxEntries");
    }

    private static void refused(long blocks, String tag, int nanos, String volume, int maxEntries, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ErofsOptions(blocks, tag, 0, nanos, ANY, volume, maxEntries))
                .withMessageContaining(message);
    }
}
