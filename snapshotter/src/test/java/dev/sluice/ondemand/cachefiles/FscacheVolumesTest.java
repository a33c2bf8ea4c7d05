package dev.sluice.ondemand.cachefiles;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class FscacheVolumesTest {
    @Test
    void theKeyIsTheLastColumn() {
        FscacheVolumes volumes = FscacheVolumes.parse(List.of(
                "VOLUME   REF   nCOOK ACC FL CACHE           KEY",
                "======== ===== ===== === == =============== ================",
                "00000001     5     4   1 00 sluice          erofs,sluice-1",
                "00000002     2     1   1 00 -               erofs,sluice-2"));

        assertThat(volumes.keys()).containsExactly("erofs,sluice-1", "erofs,sluice-2");
    }

    @Test
    void thereMayBeNone() {
        assertThat(FscacheVolumes.parse(List.of("VOLUME   REF", "======== ====="))
                        .keys())
                .isEmpty();
        assertThat(FscacheVolumes.parse(List.of()).keys()).isEmpty();
    }
}
