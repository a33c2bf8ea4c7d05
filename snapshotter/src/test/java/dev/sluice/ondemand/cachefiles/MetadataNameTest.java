package dev.sluice.ondemand.cachefiles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.ondemand.LayerFiles;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataNameTest {
    private static final String LAYER = "0123456789abcdef".repeat(4);

    @Test
    void aLaterProcessFindsTheFile() {
        String name = MetadataName.of(LAYER, Path.of("/layers/x/meta-00ff.erofs"), "kx2-17");

        assertThat(MetadataName.parse(name))
                .hasValueSatisfying(parsed -> assertThat(parsed.in(new LayerFiles(Path.of("/layers/x"))))
                        .isEqualTo(Path.of("/layers/x/meta-00ff.erofs")));
    }

    @Test
    void twoMountsOfOneImageHaveTwoNames() {
        Path image = Path.of("/layers/x/meta.erofs");
        assertThat(MetadataName.of(LAYER, image, "kx2-1")).isNotEqualTo(MetadataName.of(LAYER, image, "kx2-2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00ff",
                "00ff=meta.erofs",
                "00ff=../../etc/passwd=1",
                "00ff=..=1",
                "00ff=meta=1",
                "00ff=a/b.erofs=1",
                "../x=meta.erofs=1",
                "=meta.erofs=1"
            })
    void whatIsNoSuchNameLeadsNowhere(String cookie) {
        assertThat(MetadataName.parse(cookie)).isEmpty();
    }

    @Test
    void anotherFileIsRefused() {
        assertThatThrownBy(() -> MetadataName.of(LAYER, Path.of("/layers/x/spans"), "1"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
