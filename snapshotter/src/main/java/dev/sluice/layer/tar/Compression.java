package dev.sluice.layer.tar;

import java.util.Optional;

/** What is around the tar of a plain layer. */
public enum Compression {
    NONE,
    GZIP,
    ZSTD;

    /** By the media type of a layer, OCI's or Docker's; empty if it is not one of a layer that we can read. */
    public static Optional<Compression> ofMediaType(String mediaType) {
        return switch (mediaType) {
            case "application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar" ->
                Optional.of(NONE);
            case "application/vnd.oci.image.layer.v1.tar+gzip",
                    "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "application/vnd.docker.container.image.rootfs.diff.tar.gzip" -> Optional.of(GZIP);
            case "application/vnd.oci.image.layer.v1.tar+zstd", "application/vnd.docker.image.rootfs.diff.tar.zstd" ->
                Optional.of(ZSTD);
            default -> Optional.empty();
        };
    }
}
