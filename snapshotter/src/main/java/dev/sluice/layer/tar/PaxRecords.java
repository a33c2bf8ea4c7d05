package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.layer.InvalidLayerException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * The extended headers of POSIX.1-2001 (pax): records "length key=value\n", the length being that of the record in decimal. Later
 * records of a key replace earlier ones.
 */
final class PaxRecords {
    private static final String XATTR = "SCHILY.xattr.";
    private static final String SPARSE_OFFSET = "GNU.sparse.offset";
    private static final String SPARSE_BYTES = "GNU.sparse.numbytes";
    private static final String SPARSE_MAP = "GNU.sparse.map";
    private static final int SHORTEST = 5;

    private PaxRecords() {}

    /**
     * Parses a body. The pairs of records by which version 0.0 of GNU's sparse files describes its parts become the one record of
     * version 0.1.
     *
     * @throws InvalidLayerException if a record is malformed
     */
    static Map<String, byte[]> parse(byte[] body) throws InvalidLayerException {
        Map<String, byte[]> records = new HashMap<>();
        StringJoiner sparse = new StringJoiner(",");
        String expected = SPARSE_OFFSET;
        int at = 0;
        while (at < body.length) {
            int space = indexOf(body, ' ', at, body.length);
            long length = space < 0 ? 0 : Numbers.decimal(new String(body, at, space - at, ISO_8859_1));
            if (length < SHORTEST || length > body.length - at || at + length <= space + 1) {
                throw malformed();
            }
            int end = at + (int) length - 1;
            int equals = indexOf(body, '=', space + 1, end);
            if (body[end] != '\n' || equals <= space + 1) {
                throw malformed();
            }
            String key = key(body, space + 1, equals);
            byte[] value = Arrays.copyOfRange(body, equals + 1, end);
            at = end + 1;
            if (key.equals(SPARSE_OFFSET) || key.equals(SPARSE_BYTES)) {
                String number = new String(value, ISO_8859_1);
                if (!key.equals(expected) || number.contains(",")) {
                    throw malformed();
                }
                sparse.add(number);
                expected = key.equals(SPARSE_OFFSET) ? SPARSE_BYTES : SPARSE_OFFSET;
            } else {
                check(key, value);
                records.put(key, value);
            }
        }
        if (sparse.length() > 0) {
            records.put(SPARSE_MAP, sparse.toString().getBytes(ISO_8859_1));
        }
        return records;
    }

    private static String key(byte[] body, int start, int end) throws InvalidLayerException {
        if (indexOf(body, '\0', start, end) >= 0) {
            throw malformed();
        }
        return HeaderBlock.text(body, start, end - start);
    }

    private static void check(String key, byte[] value) throws InvalidLayerException {
        boolean isText = key.equals("path") || key.equals("linkpath") || key.equals("uname") || key.equals("gname");
        if (isText && indexOf(value, '\0', 0, value.length) >= 0) {
            throw malformed();
        }
    }

    private static int indexOf(byte[] bytes, char c, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == c) {
                return i;
            }
        }
        return -1;
    }

    private static InvalidLayerException malformed() {
        return new InvalidLayerException("tar has a malformed pax record");
    }

    /** Puts the values of records in the place of the header's own. A record without a value changes nothing. */
    static void merge(Map<String, byte[]> records, TarHeader header) throws InvalidLayerException {
        for (Map.Entry<String, byte[]> record : records.entrySet()) {
            byte[] value = record.getValue();
            if (value.length == 0) {
                continue;
            }
            switch (record.getKey()) {
                case "path" -> header.name = HeaderBlock.text(value, 0, value.length);
                case "linkpath" -> header.linkName = HeaderBlock.text(value, 0, value.length);
                case "uid" -> header.uid = Numbers.decimal(value);
                case "gid" -> header.gid = Numbers.decimal(value);
                case "size" -> header.size = Numbers.decimal(value);
                case "mtime" -> setMtime(header, value);
                case "atime", "ctime" -> setMtime(new TarHeader(), value);
                default -> {}
            }
        }
        header.pax = records;
    }

    /** Seconds with a fraction of any number of digits, of which nine count. */
    private static void setMtime(TarHeader header, byte[] value) throws InvalidLayerException {
        String text = new String(value, ISO_8859_1);
        int dot = text.indexOf('.');
        header.mtimeSeconds = Numbers.decimal(dot < 0 ? text : text.substring(0, dot));
        int nanos = 0;
        for (int i = 1; dot >= 0 && (i <= 9 || dot + i < text.length()); i++) {
            char c = dot + i < text.length() ? text.charAt(dot + i) : '0';
            if (c < '0' || c > '9') {
                throw malformed();
            }
            nanos = i <= 9 ? nanos * 10 + (c - '0') : nanos;
        }
        header.mtimeNanos = text.startsWith("-") ? -nanos : nanos;
    }

    /** Extended attributes, by their full names. */
    static Map<String, byte[]> xattrs(Map<String, byte[]> records) {
        Map<String, byte[]> xattrs = Map.of();
        for (Map.Entry<String, byte[]> record : records.entrySet()) {
            if (record.getKey().startsWith(XATTR)) {
                xattrs = xattrs.isEmpty() ? new HashMap<>() : xattrs;
                xattrs.put(record.getKey().substring(XATTR.length()), record.getValue());
            }
        }
        return xattrs;
    }

    /** The value of a key as a text, empty if there is none. */
    static String text(Map<String, byte[]> records, String key) {
        byte @Nullable [] value = records.get(key);
        return value == null ? "" : new String(value, ISO_8859_1);
    }
}
