package dev.sluice.mount;

import static java.util.Objects.requireNonNull;

import java.util.Optional;

/**
 * What Sluice makes of a layer, for people. All sizes are in bytes.
 *
 * @param digest of the blob
 * @param mediaType as the manifest has it
 * @param size of the blob
 * @param format that was recognized; {@code unknown} if none was
 * @param lazy whether a container can start before the layer was fetched
 * @param reason why it is lazy, or why not: one sentence without a full stop
 * @param pullBytes what a pull fetches of the blob
 * @param readBytes what the first read of a place fetches, on the average; 0 if nothing, because the pull has fetched all
 * @param advice what would make it better
 */
public record LayerExplanation(
        String digest,
        String mediaType,
        long size,
        String format,
        boolean lazy,
        String reason,
        long pullBytes,
        long readBytes,
        Optional<String> advice) {
    public LayerExplanation {
        requireNonNull(digest, "digest is null");
        requireNonNull(mediaType, "mediaType is null");
        requireNonNull(format, "format is null");
        requireNonNull(reason, "reason is null");
        requireNonNull(advice, "advice is null");
    }
}
