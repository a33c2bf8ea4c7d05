package dev.sluice.layer.soci;

import dev.sluice.layer.DecodedLayer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Makes ztocs, right ones and wrong ones. */
final class ZtocBuilder {
    static final byte GZIP = 1;
    static final byte UNCOMPRESSED = 2;

    String version = "0.9";
    long blobSize;
    long tarSize;
    byte algorithm = UNCOMPRESSED;
    byte[] checkpoints = new byte[0];
    final List<Object> entries = new ArrayList<>();
    final List<Object> digests = new ArrayList<>();
    Optional<Integer> lastSpan = Optional.empty();

    /** Of a tar that is not compressed. */
    static ZtocBuilder ofTar(byte[] tar, int spanSize) {
        ZtocBuilder ztoc = new ZtocBuilder();
        ztoc.blobSize = tar.length;
        ztoc.tarSize = tar.length;
        for (int at = 0; at < tar.length; at += spanSize) {
            ztoc.digest(Arrays.copyOfRange(tar, at, Math.min(tar.length, at + spanSize)));
        }
        ztoc.checkpoints = FlatWriter.write(new Object[] {2, (long) spanSize, (long) tar.length});
        return ztoc;
    }

    ZtocBuilder digest(byte[] compressed) {
        digests.add("sha256:" + HexFormat.of().formatHex(DecodedLayer.sha256(compressed)));
        return this;
    }

    ZtocBuilder file(String name, long offset, long size, String... pax) {
        return entry(name, "reg", offset, size, "", pax);
    }

    /** @param pax keys and values */
    ZtocBuilder entry(String name, String type, long offset, long size, String link, String... pax) {
        List<Object> records = new ArrayList<>();
        for (int i = 0; i < pax.length; i += 2) {
            records.add(new Object[] {pax[i], pax[i + 1]});
        }
        return entry(name, type, offset, size, link, Map.of(), records);
    }

    /** @param others by the numbers of their fields: instead of mode 0644, owner 1, group 2, 2001-09-09T01:46:40.5Z, device 3:4 */
    ZtocBuilder entry(
            String name,
            String type,
            long offset,
            long size,
            String link,
            Map<Integer, Object> others,
            List<Object> records) {
        Object[] fields = {
            name, type, offset, size, link, 0644L, 1, 2, "user", "group", "2001-09-09T01:46:40.5Z", 3L, 4L, records
        };
        others.forEach((field, value) -> fields[field] = value);
        entries.add(fields);
        return this;
    }

    static byte[] checkpoints(int count, List<byte[]> packed) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(ByteBuffer.allocate(GzipSpans.HEADER)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(count)
                .putLong(1000)
                .array());
        packed.forEach(out::writeBytes);
        return out.toByteArray();
    }

    static byte[] checkpoint(long in, long out, int bits, byte[] window) {
        ByteBuffer packed = ByteBuffer.allocate(GzipSpans.CHECKPOINT).order(ByteOrder.LITTLE_ENDIAN);
        packed.putLong(in).putLong(out).put((byte) bits);
        // The last bytes of the window are what comes right before.
        return packed.position(GzipSpans.CHECKPOINT - window.length).put(window).array();
    }

    ByteBuffer build() {
        Object[] compression = {algorithm, lastSpan.orElse(digests.size() - 1), digests, checkpoints};
        return ByteBuffer.wrap(FlatWriter.write(
                new Object[] {version, "test", blobSize, tarSize, new Object[] {entries}, compression}));
    }
}
