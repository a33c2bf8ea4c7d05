package dev.sluice.layer.tar;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** What is around the tar of a plain layer. */
public enum Compression {
    NONE,
    GZIP,
    ZSTD;

    /** With the method deflate, RFC 1952. */
    private static final int GZIP_MAGIC = 0x088B1F;
    /** RFC 8878; the last of sixteen kinds of skippable frames ends in the digit F. */
    private static final int ZSTD_MAGIC = 0xFD2FB528;

    private static final int SKIPPABLE_MAGIC = 0x184D2A50;
    private static final int SKIPPABLE_MASK = 0xFFFFFFF0;

    /** Name of the format of such layers, as in {@link dev.sluice.layer.LayerIndex#format}. */
    public String formatName() {
        return switch (this) {
            case NONE -> "tar";
            case GZIP -> "tar+gzip";
            case ZSTD -> "tar+zstd";
        };
    }

    /**
     * What a blob really is, by its first bytes: media types are not always right, and containerd looks at the bytes, too, where they
     * promise any compression.
     *
     * @param first at least four bytes of the blob from its position on, if it has as many; not changed
     */
    public Compression of(ByteBuffer first) {
        if (this == NONE || first.remaining() < 4) {
            return this;
        }
        int magic = first.duplicate().order(ByteOrder.LITTLE_ENDIAN).getInt(first.position());
        if ((magic & 0xFFFFFF) == GZIP_MAGIC) {
            return GZIP;
        }
        return magic == ZSTD_MAGIC || (magic & SKIPPABLE_MASK) == SKIPPABLE_MAGIC ? ZSTD : NONE;
    }

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
