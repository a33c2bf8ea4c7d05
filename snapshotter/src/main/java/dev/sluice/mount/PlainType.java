package dev.sluice.mount;

import dev.sluice.layer.erofs.ErofsIndex;
import dev.sluice.layer.tar.Compression;
import java.util.Optional;

/**
 * What a layer without a table of contents is, by its media type.
 *
 * @param compression what is around its content
 */
record PlainType(Content content, Compression compression) {
    enum Content {
        TAR,
        /** An EROFS image. */
        EROFS
    }

    /** By the media type of a layer; empty if it is not one of a layer that we can read. */
    static Optional<PlainType> ofMediaType(String mediaType) {
        return switch (mediaType) {
            // The first is that of containerd from 2.3 on; older ones take for a layer only what begins as the second.
            case "application/vnd.erofs.layer.v1", "application/vnd.oci.image.layer.v1.erofs" ->
                Optional.of(new PlainType(Content.EROFS, Compression.NONE));
            case "application/vnd.erofs.layer.v1+zstd", "application/vnd.oci.image.layer.v1.erofs+zstd" ->
                Optional.of(new PlainType(Content.EROFS, Compression.ZSTD));
            default -> Compression.ofMediaType(mediaType).map(compression -> new PlainType(Content.TAR, compression));
        };
    }

    /** Name of the format, as in {@link dev.sluice.layer.LayerIndex#format}. */
    String formatName() {
        return content == Content.TAR
                ? compression.formatName()
                : ErofsIndex.formatName(compression == Compression.ZSTD);
    }
}
