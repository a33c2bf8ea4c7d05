package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ContentRangeTest {
    @Test
    void readsRanges() {
        assertThat(ContentRange.parse("bytes 5-9/10")).contains(new ContentRange(5, 9, OptionalLong.of(10)));
        assertThat(ContentRange.parse(" Bytes  0-0/* ")).contains(new ContentRange(0, 0, OptionalLong.empty()));
        assertThat(new ContentRange(5, 9, OptionalLong.empty()).length()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "bytes",
                "bytes */10",
                "bytes 5-4/10",
                "bytes 0-10/10",
                "bytes -1-4/10",
                "bytes 0-4",
                "bytes=0-4/10",
                "items 0-4/10",
                "bytes 0-99999999999999999999/*",
                "bytes 0-4/10, 5-6/10",
                "bytes 0x0-4/10",
                "bytes ٠-٤/١٠",
            })
    void refusesOthers(String header) {
        assertThat(ContentRange.parse(header)).isEmpty();
    }

    @Test
    void isSoundWhateverWasSent() {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String alphabet = "0123456789-/* bytes";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder("bytes 10-20/100");
            for (int edits = random.nextInt(4); edits >= 0; edits--) {
                text.setCharAt(random.nextInt(text.length()), alphabet.charAt(random.nextInt(alphabet.length())));
            }
            ContentRange.parse(text.toString()).ifPresent(range -> {
                assertThat(range.first()).as(text.toString()).isBetween(0L, range.last());
                assertThat(range.last())
                        .as(text.toString())
                        .isLessThan(range.size().orElse(Long.MAX_VALUE));
            });
        }
    }
}
