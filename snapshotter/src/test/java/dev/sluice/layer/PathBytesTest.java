package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PathBytesTest {
    @Test
    void utf8StaysWhatItIs() {
        String name = "Ünï/文件/\uD83D\uDE00";
        assertThat(PathBytes.encode(name)).isEqualTo(name.getBytes(StandardCharsets.UTF_8));
        assertThat(PathBytes.decode(name.getBytes(StandardCharsets.UTF_8))).isEqualTo(name);
    }

    @Test
    void anyBytesComeBackAsTheyWere() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(12)];
            random.nextBytes(bytes);
            assertThat(PathBytes.encode(PathBytes.decode(bytes)))
                    .as("seed %d", seed)
                    .isEqualTo(bytes);
        }
    }

    @Test
    void aLoneSurrogateThatStandsForNoByteIsRefused() {
        assertThatThrownBy(() -> PathBytes.encode("a\uD800b")).isInstanceOf(IllegalArgumentException.class);
    }
}
