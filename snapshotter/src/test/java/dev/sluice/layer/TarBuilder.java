package dev.sluice.layer;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.Map;
import java.util.TreeMap;

/** Writes tars in memory: ustar headers, and pax records where those do not suffice. */
public final class TarBuilder {
    private static final int BLOCK = 512;
    private static final int NAME = 100;

    private final ByteArrayOutputStream tar = new ByteArrayOutputStream();

    public TarBuilder directory(String name, int mode, Attributes attributes) {
        return add('5', name, "", mode, attributes, 0, 0, new byte[0]);
    }

    public TarBuilder file(String name, Attributes attributes, byte[] content) {
        return add('0', name, "", attributes.mode(), attributes, 0, 0, content);
    }

    public TarBuilder hardLink(String name, Attributes attributes, String target) {
        return add('1', name, target, attributes.mode(), attributes, 0, 0, new byte[0]);
    }

    public TarBuilder symlink(String name, Attributes attributes, String target) {
        return add('2', name, target, 0777, attributes, 0, 0, new byte[0]);
    }

    public TarBuilder charDevice(String name, Attributes attributes, int major, int minor) {
        return add('3', name, "", attributes.mode(), attributes, major, minor, new byte[0]);
    }

    public TarBuilder blockDevice(String name, Attributes attributes, int major, int minor) {
        return add('4', name, "", attributes.mode(), attributes, major, minor, new byte[0]);
    }

    public TarBuilder fifo(String name, Attributes attributes) {
        return add('6', name, "", attributes.mode(), attributes, 0, 0, new byte[0]);
    }

    /** With the two blocks that end a tar. */
    public byte[] build() {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(tar.toByteArray());
        all.writeBytes(new byte[2 * BLOCK]);
        return all.toByteArray();
    }

    /** The 512 bytes before a regular file of {@code size} bytes, with a name of plain characters. */
    public static byte[] header(String name, long size) {
        return header('0', name.getBytes(ISO_8859_1), new byte[0], 0644, 0, 0, 0, size, 0, 0);
    }

    private TarBuilder add(
            char type, String name, String target, int mode, Attributes a, int major, int minor, byte[] content) {
        Map<String, byte[]> pax = new TreeMap<>();
        a.xattrs().forEach((key, value) -> pax.put("SCHILY.xattr." + key, value));
        byte[] nameBytes = shortened("path", name, pax);
        byte[] targetBytes = shortened("linkpath", target, pax);
        if (!pax.isEmpty()) {
            byte[] records = records(pax);
            tar.writeBytes(header('x', "pax".getBytes(UTF_8), new byte[0], 0644, 0, 0, 0, records.length, 0, 0));
            writePadded(records);
        }
        long mtime = a.mtimeSeconds();
        tar.writeBytes(
                header(type, nameBytes, targetBytes, mode, a.uid(), a.gid(), mtime, content.length, major, minor));
        writePadded(content);
        return this;
    }

    private static byte[] shortened(String key, String text, Map<String, byte[]> pax) {
        byte[] bytes = text.getBytes(UTF_8);
        if (bytes.length <= NAME && bytes.length == text.length()) {
            return bytes;
        }
        pax.put(key, bytes);
        return "long".getBytes(UTF_8);
    }

    /** Each is its own length in decimal, the key and the value. */
    private static byte[] records(Map<String, byte[]> pax) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        pax.forEach((key, value) -> {
            int rest = key.getBytes(UTF_8).length + value.length + 3;
            int length = rest + String.valueOf(rest).length();
            length = rest + String.valueOf(length).length();
            out.writeBytes((length + " " + key + "=").getBytes(UTF_8));
            out.writeBytes(value);
            out.write('\n');
        });
        return out.toByteArray();
    }

    private static byte[] header(
            char type,
            byte[] name,
            byte[] target,
            int mode,
            int uid,
            int gid,
            long mtime,
            long size,
            int major,
            int minor) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(
                header,
                NAME,
                "%07o\0%07o\0%07o\0%011o\0%011o\0"
                        .formatted(mode, uid, gid, size, mtime)
                        .getBytes(UTF_8));
        put(header, 148, ("        " + type).getBytes(UTF_8));
        put(header, 157, target);
        put(header, 257, "ustar\00000".getBytes(UTF_8));
        put(header, 329, "%07o\0%07o\0".formatted(major, minor).getBytes(UTF_8));
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xFF;
        }
        put(header, 148, "%06o\0".formatted(sum).getBytes(UTF_8));
        return header;
    }

    private static void put(byte[] header, int at, byte[] bytes) {
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private void writePadded(byte[] content) {
        tar.writeBytes(content);
        tar.writeBytes(new byte[-content.length & (BLOCK - 1)]);
    }
}
