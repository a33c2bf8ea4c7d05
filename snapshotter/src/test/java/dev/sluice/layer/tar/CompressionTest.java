package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompressionTest {
    @ParameterizedTest
    @CsvSource({
        "GZIP, 1f8b0800, GZIP",
        "GZIP, 28b52ffd, ZSTD",
        "GZIP, 5a2a4d18, ZSTD",
        "GZIP, 75737461, NONE",
        "ZSTD, 1f8b0800, GZIP",
        "ZSTD, 28b52ffd, ZSTD",
        "NONE, 1f8b0800, NONE",
        "GZIP, 1f8b, GZIP"
    })
    void whatAMediaTypePromisesIsLookedAt(Compression promised, String bytes, Compression actual) {
        ByteBuffer first = ByteBuffer.wrap(HexFormat.of().parseHex(bytes));
        assertThat(promised.of(first)).isEqualTo(actual);
        assertThat(first.position()).isZero();
    }

    @Test
    void mediaTypesOfOtherLayersAreNotPlain() {
        assertThat(Compression.ofMediaType("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"))
                .isEmpty();
        assertThat(Compression.ofMediaType("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"))
                .isEmpty();
    }
}
