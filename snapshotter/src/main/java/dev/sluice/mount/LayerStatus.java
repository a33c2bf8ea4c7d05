package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import java.util.List;

/**
 * A lazy layer, for people. All sizes are in bytes.
 *
 * @param digest of the blob
 * @param format name of the image format
 * @param sources image references whose repositories have the blob
 * @param blobBytes size of the blob
 * @param deviceBytes size of the data device
 * @param presentBytes how much of the device is here
 * @param fetchedBytes received from registries by this process
 * @param requests range requests sent by this process
 * @param mismatches spans whose bytes did not match their digest
 * @param references how many snapshots refer to the layer
 * @param mounts where it is mounted
 */
public record LayerStatus(
        String digest,
        String format,
        List<String> sources,
        long blobBytes,
        long deviceBytes,
        long presentBytes,
        long fetchedBytes,
        long requests,
        long mismatches,
        int references,
        List<Path> mounts) {
    public LayerStatus {
        requireNonNull(digest, "digest is null");
        requireNonNull(format, "format is null");
        sources = List.copyOf(sources);
        mounts = List.copyOf(mounts);
    }
}
