package dev.sluice.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.fuzz.Require;
import okhttp3.HttpUrl;

/** Fuzzes references of images: written, they read the same, and they lead nowhere but to their host and below their repository. */
public final class ImageReferenceFuzz {
    private ImageReferenceFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        ImageReference reference;
        try {
            reference = ImageReference.parse(new String(data, UTF_8));
        } catch (IllegalArgumentException e) {
            return;
        }
        Require.equal(reference, ImageReference.parse(reference.toString()), "not the same when read again");
        Require.that(!reference.host().contains("..") && !reference.host().contains("/"), "a host that is a path");
        HttpUrl base = new HttpUrl.Builder()
                .scheme("https")
                .host("registry.local")
                .addPathSegment("v2")
                .build();
        HttpUrl url = base.newBuilder()
                .addPathSegments(
                        reference.repository() + "/manifests/" + reference.tag().orElse("latest"))
                .build();
        Require.equal(
                url.encodedPath(),
                "/v2/" + reference.repository() + "/manifests/"
                        + reference.tag().orElse("latest"),
                "a repository with another path");
    }
}
