package dev.sluice.e2e.image;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes tar archives in the POSIX.1-2001 (pax) format. What a header field cannot hold goes into an extended header. Not
 * thread-safe.
 */
public final class TarWriter implements AutoCloseable {

    private static final int BLOCK = 512;
    private static final long MAX_OCTAL_7 = 07777777;
    private static final long MAX_OCTAL_11 = 077777777777L;
    private static final int NAME_LENGTH = 100;

    private final OutputStream out;

    /** @param out closed with this writer */
    public TarWriter(OutputStream out) {
        this.out = out;
    }

    /** Writes one entry with its contents. */
    public void write(TarEntry entry) throws IOException {
        byte[] extended = extendedHeader(entry);
        if (extended.length > 0) {
            TarEntry header = TarEntry.file("PaxHeaders/entry", extended);
            out.write(header(header, 'x'));
            writePadded(extended);
        }
        out.write(header(entry, entry.type()));
        writePadded(entry.contents());
    }

    /** Writes the end of the archive. */
    @Override
    public void close() throws IOException {
        out.write(new byte[2 * BLOCK]);
        out.close();
    }

    private void writePadded(byte[] bytes) throws IOException {
        out.write(bytes);
        out.write(new byte[(BLOCK - bytes.length % BLOCK) % BLOCK]);
    }

    private static byte[] extendedHeader(TarEntry entry) {
        Map<String, byte[]> records = new TreeMap<>();
        putText(records, "path", entry.path());
        putText(records, "linkpath", entry.target());
        putNumber(records, "uid", entry.uid());
        putNumber(records, "gid", entry.gid());
        Instant mtime = entry.mtime();
        if (mtime.getNano() != 0 || mtime.getEpochSecond() < 0 || mtime.getEpochSecond() > MAX_OCTAL_11) {
            records.put("mtime", decimal(mtime).getBytes(StandardCharsets.US_ASCII));
        }
        entry.xattrs().forEach((name, value) -> records.put("SCHILY.xattr." + name, value));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        records.forEach((key, value) -> bytes.writeBytes(record(key, value)));
        return bytes.toByteArray();
    }

    private static void putText(Map<String, byte[]> records, String key, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > NAME_LENGTH || bytes.length != text.length()) {
            records.put(key, bytes);
        }
    }

    private static void putNumber(Map<String, byte[]> records, String key, long number) {
        if (number > MAX_OCTAL_7) {
            records.put(key, Long.toString(number).getBytes(StandardCharsets.US_ASCII));
        }
    }

    private static String decimal(Instant time) {
        return java.math.BigDecimal.valueOf(time.getEpochSecond())
                .add(java.math.BigDecimal.valueOf(time.getNano(), 9))
                .toPlainString();
    }

    /** {@code "LENGTH KEY=VALUE\n"}, where the length counts itself. */
    private static byte[] record(String key, byte[] value) {
        int rest = key.length() + value.length + 3;
        int length = rest + Integer.toString(rest).length();
        if (Integer.toString(length).length() > Integer.toString(rest).length()) {
            length++;
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes((length + " " + key + "=").getBytes(StandardCharsets.US_ASCII));
        bytes.writeBytes(value);
        bytes.write('\n');
        return bytes.toByteArray();
    }

    private static byte[] header(TarEntry entry, char type) {
        byte[] header = new byte[BLOCK];
        putBytes(header, 0, entry.path());
        putOctal(header, 100, 7, entry.mode());
        putOctal(header, 108, 7, Math.min(entry.uid(), MAX_OCTAL_7));
        putOctal(header, 116, 7, Math.min(entry.gid(), MAX_OCTAL_7));
        putOctal(header, 124, 11, entry.contents().length);
        putOctal(header, 136, 11, Math.max(0, Math.min(entry.mtime().getEpochSecond(), MAX_OCTAL_11)));
        Arrays.fill(header, 148, 156, (byte) ' ');
        header[156] = (byte) type;
        putBytes(header, 157, entry.target());
        putBytes(header, 257, "ustar\00000");
        putOctal(header, 329, 7, entry.major());
        putOctal(header, 337, 7, entry.minor());
        int checksum = 0;
        for (byte value : header) {
            checksum += value & 0xff;
        }
        putOctal(header, 148, 6, checksum);
        header[154] = 0;
        return header;
    }

    private static void putBytes(byte[] header, int offset, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, offset, Math.min(bytes.length, NAME_LENGTH));
    }

    private static void putOctal(byte[] header, int offset, int digits, long value) {
        long rest = value;
        for (int i = digits - 1; i >= 0; i--) {
            header[offset + i] = (byte) ('0' + (rest & 7));
            rest >>= 3;
        }
    }
}
