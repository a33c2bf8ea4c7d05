package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PlatformTest {
    @ParameterizedTest
    @CsvSource({
        "linux/x86_64, linux/amd64",
        "linux/x86-64, linux/amd64",
        "linux/amd64/v1, linux/amd64",
        "linux/amd64/v3, linux/amd64/v3",
        "Linux/AMD64, linux/amd64",
        "linux/i386, linux/386",
        "linux/aarch64, linux/arm64",
        "linux/arm64/v8, linux/arm64",
        "linux/arm64/8, linux/arm64",
        "linux/arm64/9, linux/arm64/v9",
        "linux/arm, linux/arm/v7",
        "linux/arm/6, linux/arm/v6",
        "linux/armhf, linux/arm/v7",
        "linux/armel, linux/arm/v6",
        "macos/arm64, darwin/arm64",
        "linux/riscv64, linux/riscv64",
    })
    void isNormalized(String written, String canonical) {
        assertThat(Platform.parse(written)).hasToString(canonical);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "linux", "linux/", "/amd64", "linux/arm/v7/x", "//"})
    void refusesWhatIsNoPlatform(String written) {
        assertThatIllegalArgumentException().isThrownBy(() -> Platform.parse(written));
    }

    @ParameterizedTest
    @CsvSource({
        "linux/amd64, linux/amd64, 0",
        "linux/amd64, linux/386, 1",
        "linux/amd64/v3, linux/amd64/v2, 1",
        "linux/amd64/v3, linux/amd64, 2",
        "linux/amd64/v3, linux/386, 3",
        "linux/arm64, linux/arm64/v8, 0",
        "linux/arm64, linux/arm/v8, 1",
        "linux/arm64, linux/arm, 2",
        "linux/arm64, linux/arm/v5, 4",
        "linux/arm/v7, linux/arm/v6, 1",
    })
    void runsWhatItsProcessorRuns(String machine, String image, int preference) {
        assertThat(Platform.parse(machine).preference(Platform.parse(image))).hasValue(preference);
    }

    @ParameterizedTest
    @CsvSource({
        "linux/amd64, linux/amd64/v2",
        "linux/amd64, linux/arm64",
        "linux/amd64, windows/amd64",
        "linux/386, linux/amd64",
        "linux/arm/v6, linux/arm/v7",
        "linux/arm, linux/arm64",
        "linux/amd64, unknown/unknown",
        "linux/amd64/v999, linux/amd64/v998",
    })
    void doesNotRunOthers(String machine, String image) {
        assertThat(Platform.parse(machine).runs(Platform.parse(image))).isFalse();
    }

    @Test
    void picksTheBestOfAnIndexAndKeepsTheOrderOfEquals() {
        Descriptor armV6 = manifest(1, Optional.of("linux/arm/v6"));
        Descriptor unnamed = manifest(2, Optional.empty());
        Descriptor armV7 = manifest(3, Optional.of("linux/arm"));
        Descriptor again = manifest(4, Optional.of("linux/armhf"));
        Descriptor attestation = manifest(5, Optional.of("unknown/unknown"));
        ImageIndex index = new ImageIndex(
                MediaTypes.OCI_INDEX,
                List.of(unnamed, armV6, armV7, attestation, again),
                Map.of(),
                Optional.empty(),
                Optional.empty());

        assertThat(index.candidates(Platform.parse("linux/arm/v7"))).containsExactly(armV7, again, armV6, unnamed);
    }

    private static Descriptor manifest(int size, Optional<String> platform) {
        return new Descriptor(
                MediaTypes.OCI_MANIFEST,
                Digest.sha256(new byte[size]),
                size,
                Map.of(),
                platform.map(Platform::parse),
                Optional.empty());
    }
}
