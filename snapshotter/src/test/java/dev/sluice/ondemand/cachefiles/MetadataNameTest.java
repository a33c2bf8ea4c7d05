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
        String name = MetadataName.of("kx2-17", LAYER, Path.of("/layers/x/meta-00ff.erofs"));

        assertThat(MetadataName.parse(name))
                .hasValueSatisfying(parsed -> assertThat(parsed.in(new LayerFiles(Path.of("/layers/x"))))
                        .isEqualTo(Path.of("/layers/x/meta-00ff.erofs")));
    }

    @Test
    void twoMountsOfOneImageHaveTwoNames() {
        Path image = Path.of("/layers/x/meta.erofs");
        // As far as the kernel looks at it.
        int length = 36 - "sluice-1,".length();
        assertThat(MetadataName.of("kx2-1", LAYER, image).substring(0, length))
                .isNotEqualTo(MetadataName.of("kx2-2", LAYER, image).substring(0, length));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00ff",
                "00ff=meta.erofs",
                "1=00ff=../../etc/passwd",
                "1=00ff=..",
                "1=00ff=meta",
                "1=00ff=a/b.erofs",
                "1=../x=meta.erofs",
                "1==meta.erofs"
            })
    void whatIsNoSuchNameLeadsNowhere(String cookie) {
        assertThat(MetadataName.parse(cookie)).isEmpty();
    }

    @Test
    void anotherFileIsRefused() {
        assertThatThrownBy(() -> MetadataName.of("1", LAYER, Path.of("/layers/x/spans")))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
