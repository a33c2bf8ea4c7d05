package dev.sluice.layer.zstdchunked;

import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.IndexPromises;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.NoImage;
import dev.sluice.layer.toc.TocLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Fuzzes zstd:chunked blobs: an annotation with the position up to the first line feed, which may be empty, then the blob. The manifest
 * vouches for whatever is at the position, or where the footer says it is.
 */
public final class ZstdChunkedFuzz {
    private static final TocLimits LIMITS = new TocLimits(1 << 16, 1 << 16, 1000, 1 << 16);

    private ZstdChunkedFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        int line = 0;
        while (line < data.length && data[line] != '\n') {
            line++;
        }
        String position = new String(data, 0, line, StandardCharsets.ISO_8859_1);
        byte[] blob = Arrays.copyOfRange(data, Math.min(line + 1, data.length), data.length);
        try {
            Map<String, String> annotations = new HashMap<>();
            annotations.put(TocClaim.CHECKSUM, checksum(position, blob));
            if (!position.isEmpty()) {
                annotations.put("io.github.containers.zstd-chunked.manifest-position", position);
            }
            Result result = new ZstdChunkedFormat(LIMITS)
                    .read(RealLayer.describe(blob, annotations), new BytesBlob(blob), new NoImage());
            if (result instanceof Result.Indexed indexed) {
                IndexPromises.check(indexed.index());
            }
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static String checksum(String position, byte[] blob) throws InvalidLayerException {
        Optional<TocPosition> toc = position.isEmpty()
                ? Footer.parse(ByteBuffer.wrap(blob), blob.length)
                : Optional.of(TocPosition.parse(position, blob.length));
        int from = (int) (long) toc.map(TocPosition::offset).orElse(0L);
        int length = (int) (long) toc.map(TocPosition::compressed).orElse(0L);
        return RealLayer.sha256(Arrays.copyOfRange(blob, from, from + length));
    }
}
