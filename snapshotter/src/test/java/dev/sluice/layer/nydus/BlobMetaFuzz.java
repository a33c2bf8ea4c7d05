package dev.sluice.layer.nydus;

import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;

/**
 * Fuzzes the metadata of gzip layers: two entries of a table of contents, the first 64 bytes of the header and the table of chunks and contexts.
 * They are made a blob: table, header, table of contents.
 */
public final class BlobMetaFuzz {
    private static final int ENTRIES = 256;
    private static final int HEADER = 64;
    private static final int WHOLE_HEADER = 4096;
    private static final int TAR_HEADER = 512;
    private static final int LIMIT = 1 << 20;

    private BlobMetaFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < ENTRIES + HEADER) {
            return;
        }
        try {
            ZranTable table = table(data);
            for (int i = 0; i < table.contexts(); i++) {
                if (table.context(i).restart().window().length > 32768) {
                    throw new AssertionError("a window is too long");
                }
            }
            for (int i = 0; i < 100; i++) {
                Objects.requireNonNull(table.place(i, 4096L * i));
            }
        } catch (InvalidLayerException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    static ZranTable table(byte[] data) throws IOException {
        byte[] table = Arrays.copyOfRange(data, ENTRIES + HEADER, data.length);
        ByteBuffer blob = ByteBuffer.allocate(table.length + WHOLE_HEADER + ENTRIES + TAR_HEADER)
                .order(ByteOrder.LITTLE_ENDIAN);
        blob.put(table).put(data, ENTRIES, HEADER);
        blob.putInt(table.length + WHOLE_HEADER - 4, blob.getInt(table.length));
        blob.position(table.length + WHOLE_HEADER).put(data, 0, ENTRIES);
        blob.put("rafs.blob.toc".getBytes(StandardCharsets.US_ASCII));
        blob.position(table.length + WHOLE_HEADER + ENTRIES + 124)
                .put("00000000400".getBytes(StandardCharsets.US_ASCII));
        return ZranTable.read(BlobToc.of(blob.clear()), LIMIT);
    }
}
