package dev.sluice.e2e.image;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** Moves images between OCI layouts and a plain HTTP registry, bytes unchanged. */
public final class ImagePublisher {

    private static final Duration TIMEOUT = Duration.ofMinutes(10);

    private ImagePublisher() {}

    /** @param reference such as {@code 127.0.0.1:5000/name:tag} */
    public static void push(Path layout, String tag, String reference) throws IOException {
        copy("--dest-tls-verify=false", "oci:" + layout + ":" + tag, "docker://" + reference);
    }

    /** The opposite of {@link #push}. */
    public static void fetch(String reference, Path layout, String tag) throws IOException {
        copy("--src-tls-verify=false", "docker://" + reference, "oci:" + layout + ":" + tag);
    }

    private static void copy(String option, String source, String destination) throws IOException {
        Command.of("skopeo", "--insecure-policy", "copy", "--quiet", "--preserve-digests", option, source, destination)
                .withTimeout(TIMEOUT)
                .run();
    }
}
