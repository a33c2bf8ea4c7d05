package dev.sluice.layer.soci;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.PathBytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;

/**
 * An entry of a tar in a ztoc, as Go's reader of tars understands its header. Fields: 0 name, 1 type, 2 offset of its data in the tar,
 * 3 size, 4 target of a link, 5 mode of the header, 6 and 7 owner and group (32 bits), 10 time (RFC 3339), 11 and 12 numbers of a
 * device, 13 all pax records as tables of 0 key and 1 value.
 *
 * @param type as soci names it: {@code reg}, {@code dir}, {@code hardlink}, ...
 * @param tarOffset where its data begin, or would
 * @param size as in the header, also of entries without data
 * @param isSparse whether not all of its bytes are in the tar; which ones a ztoc does not say
 */
record ZtocEntry(
        String name,
        String type,
        long tarOffset,
        long size,
        String link,
        long major,
        long minor,
        boolean isSparse,
        Attributes attributes) {
    private static final String XATTR = "SCHILY.xattr.";
    private static final String SPARSE = "GNU.sparse.";
    private static final int PERMISSIONS = 07777;
    /** As an owner: chown(2) leaves it as it is. */
    private static final int UNCHANGED = -1;
    /** Of a time, in bytes. */
    private static final int MAX_TIME = 64;

    static ZtocEntry of(FlatTable entry) throws InvalidLayerException {
        Map<String, byte[]> xattrs = Map.of();
        boolean isSparse = false;
        FlatVector records = entry.vector(13);
        for (int i = 0; i < records.count(); i++) {
            FlatTable record = records.table(i);
            String key = text(record.bytes(0));
            isSparse |= key.startsWith(SPARSE);
            if (key.startsWith(XATTR)) {
                xattrs = xattrs.isEmpty() ? new HashMap<>() : xattrs;
                xattrs.put(key.substring(XATTR.length()), copy(record.bytes(1)));
            }
        }
        return new ZtocEntry(
                text(entry.bytes(0)),
                text(entry.bytes(1)),
                entry.number(2),
                entry.number(3),
                text(entry.bytes(4)),
                entry.number(11),
                entry.number(12),
                isSparse,
                attributes(entry, xattrs));
    }

    private static Attributes attributes(FlatTable entry, Map<String, byte[]> xattrs) throws InvalidLayerException {
        int uid = entry.integer(6);
        int gid = entry.integer(7);
        if (uid == UNCHANGED || gid == UNCHANGED) {
            throw new InvalidLayerException("ztoc has an entry with the owner -1, which means that there is none");
        }
        Instant time = time(entry.bytes(10));
        return new Attributes(
                (int) entry.number(5) & PERMISSIONS, uid, gid, time.getEpochSecond(), time.getNano(), xattrs);
    }

    /** Go writes nothing for years of more than four digits, which containerd takes for 1970. */
    private static Instant time(ByteBuffer bytes) throws InvalidLayerException {
        if (!bytes.hasRemaining()) {
            return Instant.EPOCH;
        }
        try {
            if (bytes.remaining() <= MAX_TIME) {
                return OffsetDateTime.parse(StandardCharsets.ISO_8859_1.decode(bytes))
                        .toInstant();
            }
        } catch (DateTimeException e) {
            throw new InvalidLayerException("ztoc has an entry with a malformed time", e);
        }
        throw new InvalidLayerException("ztoc has an entry with a malformed time");
    }

    private static String text(ByteBuffer bytes) {
        return PathBytes.decode(copy(bytes));
    }

    private static byte[] copy(ByteBuffer bytes) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        return copy;
    }
}
