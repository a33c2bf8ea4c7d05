package dev.sluice.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ImageClaimTest {
    private static final Digest MANIFEST = Digest.sha256(new byte[] {1});
    private static final Digest LAYER = Digest.sha256(new byte[] {2});
    private static final ImageReference REFERENCE = ImageReference.parse("registry.example:5000/team/app:v1");

    private static final String CRI_REFERENCE = "containerd.io/snapshot/cri.image-ref";
    private static final String CRI_MANIFEST = "containerd.io/snapshot/cri.manifest-digest";
    private static final String CRI_LAYER = "containerd.io/snapshot/cri.layer-digest";
    private static final String STARGZ_REFERENCE = "containerd.io/snapshot/remote/stargz.reference";
    private static final String STARGZ_LAYER = "containerd.io/snapshot/remote/stargz.digest";

    @Test
    void criNamesImageManifestAndLayer() {
        Map<String, String> labels = Map.of(
                CRI_REFERENCE,
                REFERENCE.toString(),
                CRI_MANIFEST,
                MANIFEST.toString(),
                CRI_LAYER,
                LAYER.toString(),
                "containerd.io/snapshot/cri.image-layers",
                LAYER + "," + LAYER.toString().substring(0, 20));
        assertThat(ImageClaim.of(labels))
                .contains(new ImageClaim(REFERENCE, Optional.of(MANIFEST), Optional.of(LAYER)));
    }

    @Test
    void ctrRemoteNamesImageAndLayer() {
        assertThat(ImageClaim.of(Map.of(STARGZ_REFERENCE, REFERENCE.toString(), STARGZ_LAYER, LAYER.toString())))
                .contains(new ImageClaim(REFERENCE, Optional.empty(), Optional.of(LAYER)));
    }

    @Test
    void criGoesFirst() {
        assertThat(ImageClaim.of(
                        Map.of(STARGZ_REFERENCE, "docker.io/library/other:1", CRI_REFERENCE, "docker.io/x/y:1")))
                .contains(new ImageClaim(ImageReference.parse("docker.io/x/y:1"), Optional.empty(), Optional.empty()));
    }

    @Test
    void anImageWithoutTagIsTheLatest() {
        assertThat(ImageClaim.of(Map.of(CRI_REFERENCE, "docker.io/library/alpine")))
                .hasValueSatisfying(
                        claim -> assertThat(claim.reference()).hasToString("docker.io/library/alpine:latest"));
    }

    @Test
    void withoutImageLabelsNothingIsClaimed() {
        assertThat(ImageClaim.of(Map.of())).isEmpty();
        assertThat(ImageClaim.of(
                        Map.of("containerd.io/snapshot.ref", MANIFEST.toString(), CRI_LAYER, LAYER.toString())))
                .isEmpty();
    }

    @Test
    void whatIsMalformedCountsAsAbsent() {
        assertThat(ImageClaim.of(Map.of(CRI_REFERENCE, "not a reference"))).isEmpty();
        assertThat(ImageClaim.of(Map.of(CRI_REFERENCE, REFERENCE.toString(), CRI_MANIFEST, "sha256:12", CRI_LAYER, "")))
                .contains(new ImageClaim(REFERENCE, Optional.empty(), Optional.empty()));
    }

    @Test
    void anyTextIsEitherAClaimThatReadsBackOrNone() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<String> seeds = List.of(REFERENCE.toString(), MANIFEST.toString(), "docker.io/library/alpine@" + MANIFEST);
        int claims = 0;
        for (int round = 0; round < 20_000; round++) {
            Map<String, String> labels = new HashMap<>();
            for (String name : List.of(CRI_REFERENCE, CRI_MANIFEST, CRI_LAYER, STARGZ_REFERENCE, STARGZ_LAYER)) {
                if (random.nextInt(4) > 0) {
                    labels.put(name, mutated(seeds.get(random.nextInt(seeds.size())), random));
                }
            }
            Optional<ImageClaim> claim = ImageClaim.of(labels);
            if (claim.isPresent()) {
                claims++;
                Map<String, String> written = new HashMap<>();
                written.put(CRI_REFERENCE, claim.get().reference().toString());
                claim.get().manifestDigest().ifPresent(digest -> written.put(CRI_MANIFEST, digest.toString()));
                claim.get().layerDigest().ifPresent(digest -> written.put(CRI_LAYER, digest.toString()));
                assertThat(ImageClaim.of(written))
                        .as("seed %d, labels %s", seed, labels)
                        .isEqualTo(claim);
            }
        }
        assertThat(claims).as("claims among 20000 with seed %d", seed).isPositive();
    }

    private static String mutated(String text, Random random) {
        StringBuilder out = new StringBuilder(text);
        for (int i = random.nextInt(3); i > 0 && !out.isEmpty(); i--) {
            int at = random.nextInt(out.length());
            switch (random.nextInt(3)) {
                case 0 -> out.deleteCharAt(at);
                case 1 -> out.insert(at, "aZ0:/@._-%\u0000ü\uD83D".charAt(random.nextInt(13)));
                default -> out.setLength(at);
            }
        }
        return out.toString();
    }
}
