package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.registry.Digest;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageJsonTest {
    private static final Digest DIFF_ID = Digest.sha256(new byte[] {1});

    private final ImageJson json = new ImageJson();

    @Test
    void diffIdsStandInTheConfig() throws Exception {
        assertThat(json.diffIds(utf8("""
                        {"os":"linux","rootfs":{"type":"layers","diff_ids":["%s","%s"]},"history":[]}""".formatted(DIFF_ID, DIFF_ID)))).containsExactly(DIFF_ID, DIFF_ID);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "null",
                "[]",
                "{}",
                "{\"rootfs\":{}}",
                "{\"rootfs\":[]}",
                "{\"rootfs\":{\"type\":\"layers\"}}",
                "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":{}}}",
                "{\"rootfs\":{\"type\":\"tree\",\"diff_ids\":[]}}",
                "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:12\"]}}",
                "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[7]}}",
                "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[null]}}",
            })
    void whatIsNoImageConfigIsRefused(String config) {
        assertThatThrownBy(() -> json.diffIds(utf8(config))).isInstanceOf(InvalidImageException.class);
    }

    @Test
    void moreLayersThanAnyImageHasAreRefused() {
        String ids = String.join(",", Collections.nCopies(4097, "\"" + DIFF_ID + "\""));
        assertThatThrownBy(() -> json.diffIds(utf8("{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[" + ids + "]}}")))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("the config has 4097 layers");
    }

    @Test
    void aManifestWithoutMediaTypeIsAnOciManifest() throws Exception {
        assertThat(json.mediaType(utf8("{}"))).isEqualTo("application/vnd.oci.image.manifest.v1+json");
        assertThat(json.mediaType(utf8("{\"mediaType\":\"a/b\"}"))).isEqualTo("a/b");
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
