package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.Digest;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The expected values were computed with {@code sha256sum}. */
class ChainIdTest {
    private static final String A = "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
    private static final String B = "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
    private static final String C = "sha256:2e7d2c03a9507ae265ecf5b5356885a53393a2029d241394997265a1a25aefc6";
    private static final String A_B = "sha256:51c0c8ace48498d6f5fee6b0592cc06f2da0f3cbe09c5a34a97dce85c3889676";
    private static final String A_B_C = "sha256:2fce7f8ce91bcf0a1428b36e1024639fdbd9469eea762dba98aa749631885106";
    private static final String B_SHA512 = "sha512:5267768822ee624d48fce15ec5ca79cbd602cb7f4c2157a516556991f22ef8c7"
            + "b5ef7b18d1ff41c59370efb0858651d44a936c11b7b144c48fe04df3c6a3e8da";
    private static final String A_B_SHA512 = "sha256:df2d79fdeb0f278b2399d1cdfe96076628fdd141955d8daf1a69f96a337cc5be";

    @Test
    void theLowestLayersChainIdIsItsDiffId() {
        assertThat(chain(A)).containsExactly(A);
    }

    @Test
    void everyOtherLayersIsADigestOfTheOneBelowAndItsDiffId() {
        assertThat(chain(A, B, C)).containsExactly(A, A_B, A_B_C);
    }

    @Test
    void theOrderOfLayersMatters() {
        assertThat(chain(B, A).get(1)).isNotEqualTo(A_B);
    }

    @Test
    void chainsAreSha256WhateverTheDiffIdsAre() {
        assertThat(chain(A, B_SHA512)).containsExactly(A, A_B_SHA512);
        assertThat(chain(B_SHA512)).containsExactly(B_SHA512);
    }

    @Test
    void noLayersHaveNoChainIds() {
        assertThat(chain()).isEmpty();
    }

    private static List<String> chain(String... diffIds) {
        List<Digest> parsed = List.of(diffIds).stream().map(Digest::parse).toList();
        return ChainId.ofLayers(parsed).stream().map(Digest::toString).toList();
    }
}
