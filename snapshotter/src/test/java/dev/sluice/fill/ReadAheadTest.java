package dev.sluice.fill;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReadAheadTest {
    private static final long KIB = 1 << 10;
    private static final long MIB = 1 << 20;
    /** One MiB comes in the time of one request. */
    private static final long PRODUCT = MIB;

    private final ReadAhead readAhead = new ReadAhead(16 * MIB);

    @Test
    void randomReadsFetchLittleMore() {
        for (long at = 0; at < 100; at++) {
            ReadAhead.Advice advice =
                    readAhead.missed((at * 37 % 100) * 10 * MIB, (at * 37 % 100) * 10 * MIB + 4096, PRODUCT);
            assertThat(advice.extra()).isEqualTo(256 * KIB);
            assertThat(advice.from()).isEqualTo(advice.to());
        }
    }

    @Test
    void sequentialMissesFetchMoreAndMore() {
        readAhead.missed(0, 128 * KIB, PRODUCT);

        assertThat(readAhead.missed(128 * KIB, 256 * KIB, PRODUCT).extra())
                .as("as far as it has come")
                .isEqualTo(256 * KIB);
        long at = 512 * KIB;
        assertThat(readAhead.missed(at, at + 128 * KIB, PRODUCT).extra())
                .as("the reader was faster than what was fetched ahead for it")
                .isEqualTo(640 * KIB);
    }

    @Test
    void aLongStreamIsReadAheadOfByAtLeastWhatComesInTheTimeOfARequest() {
        readAhead.missed(0, 5 * MIB, PRODUCT);

        assertThat(readAhead.missed(5 * MIB, 6 * MIB, PRODUCT).extra()).isEqualTo(MIB);
        assertThat(readAhead.missed(7 * MIB, 8 * MIB, PRODUCT).extra()).isEqualTo(2 * MIB);
    }

    @Test
    void whatIsOnItsWayIsNotExtended() {
        readAhead.missed(0, 128 * KIB, PRODUCT);
        readAhead.missed(128 * KIB, 256 * KIB, PRODUCT);

        assertThat(readAhead.missed(256 * KIB, 384 * KIB, PRODUCT))
                .as("up to where it was said to fetch, should that still be queued")
                .isEqualTo(new ReadAhead.Advice(128 * KIB, 0, 0));
    }

    @Test
    void theNextStepBeginsInTheMiddleOfTheLast() {
        readAhead.missed(0, 128 * KIB, PRODUCT);
        readAhead.missed(128 * KIB, 256 * KIB, PRODUCT);
        long ahead = 512 * KIB;
        long middle = ahead - 128 * KIB;

        assertThat(readAhead.reached(middle - 128 * KIB, middle)).isFalse();
        assertThat(readAhead.reached(middle, middle + 128 * KIB)).isTrue();
        assertThat(readAhead.next(middle, middle + 128 * KIB, PRODUCT)).isEqualTo(new ReadAhead.Advice(0, ahead, MIB));
        assertThat(readAhead.reached(middle, middle + 128 * KIB)).isFalse();
        assertThat(readAhead.next(middle, middle + 128 * KIB, PRODUCT)).isEqualTo(ReadAhead.Advice.NOTHING);
    }

    @Test
    void aMissInTheMiddleOfTheLastStepBeginsTheNextToo() {
        readAhead.missed(0, 128 * KIB, PRODUCT);
        readAhead.missed(128 * KIB, 256 * KIB, PRODUCT);
        long ahead = 512 * KIB;
        for (long at = 256 * KIB; at < ahead - 128 * KIB; at += 128 * KIB) {
            ReadAhead.Advice advice = readAhead.missed(at, at + 128 * KIB, PRODUCT);
            assertThat(advice.from()).isEqualTo(advice.to());
        }

        assertThat(readAhead.missed(ahead - 128 * KIB, ahead, PRODUCT)).isEqualTo(new ReadAhead.Advice(0, ahead, MIB));
    }

    @Test
    void stepsHaveABound() {
        long at = 0;
        long extra = 0;
        for (int i = 0; i < 20; i++) {
            extra = readAhead.missed(at, at + 4096, PRODUCT).extra();
            at += 4096 + extra;
        }
        assertThat(extra).isLessThanOrEqualTo(16 * MIB);
    }

    @Test
    void severalStreamsAreToldApart() {
        for (long stream = 0; stream < 8; stream++) {
            readAhead.missed(stream * 100 * MIB, stream * 100 * MIB + 4096, PRODUCT);
        }
        for (long stream = 0; stream < 8; stream++) {
            assertThat(readAhead
                            .missed(stream * 100 * MIB + 4096, stream * 100 * MIB + 8192, PRODUCT)
                            .extra())
                    .isEqualTo(128 * KIB);
        }
    }

    @Test
    void canBeTurnedOff() {
        ReadAhead off = new ReadAhead(0);
        off.missed(0, 4096, PRODUCT);

        assertThat(off.missed(4096, 8192, PRODUCT).extra()).isZero();
        assertThat(off.reached(0, MIB)).isFalse();
    }
}
