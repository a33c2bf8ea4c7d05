package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.StreamSpan;
import java.io.IOException;
import java.util.Random;
import org.junit.jupiter.api.Test;

class IdentityStreamTest {
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @Test
    void everySpanHasTheSpacingButTheLast() throws IOException {
        DecodedBlob decoded = decode(Gzip.content(random, 100_001));
        assertThat(decoded.bytes()).as("seed %d", seed).isEqualTo(decoded.blob());
        assertThat(decoded.spans())
                .extracting(StreamSpan::blobLength)
                .hasSize(11)
                .startsWith(10_000L)
                .endsWith(10_000L, 1L);
        assertThat(decoded.spans()).allMatch(span -> span.blobOffset() == span.decodedOffset());
        decoded.check();
        decoded.checkRandomRanges(100, random);
    }

    @Test
    void aBlobOfWholeSpansHasNoEmptyOneAtItsEnd() throws IOException {
        assertThat(decode(new byte[30_000]).spans()).hasSize(3);
        assertThat(decode(new byte[0]).spans()).isEmpty();
    }

    private DecodedBlob decode(byte[] blob) throws IOException {
        return DecodedBlob.of(new IdentityStream(10_000), blob, random, 25_000);
    }
}
