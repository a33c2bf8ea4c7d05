package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.sluice.layer.InvalidLayerException;
import java.io.ByteArrayOutputStream;
import java.util.Map;

/**
 * GNU's sparse files in pax headers: in versions 0.0 and 0.1 a record holds the map; in 1.0 it stands before the file's data, in
 * blocks of 512 bytes, as decimal numbers on lines of their own, the number of parts first.
 */
final class PaxSparse {
    private static final String MAP = "GNU.sparse.map";
    private static final int MAX_PARTS = SparseMap.MAX_BYTES;

    enum Version {
        NONE,
        RECORDS,
        DATA
    }

    private final ByteArrayOutputStream lines = new ByteArrayOutputStream(HeaderBlock.SIZE);
    private int lineEnds;
    private long parts = -1;

    static Version version(Map<String, byte[]> pax) {
        String major = PaxRecords.text(pax, "GNU.sparse.major");
        String minor = PaxRecords.text(pax, "GNU.sparse.minor");
        if (major.isEmpty() && minor.isEmpty()) {
            return PaxRecords.text(pax, MAP).isEmpty() ? Version.NONE : Version.RECORDS;
        }
        if (major.equals("0") && (minor.equals("0") || minor.equals("1"))) {
            return Version.RECORDS;
        }
        return major.equals("1") && minor.equals("0") ? Version.DATA : Version.NONE;
    }

    /** Sets what the headers of a sparse file say in other records than usual: its name and its size with all holes. */
    static void merge(TarHeader header) throws InvalidLayerException {
        byte[] name = header.pax.getOrDefault("GNU.sparse.name", new byte[0]);
        if (name.length > 0) {
            header.name = HeaderBlock.text(name, 0, name.length);
        }
        String size = PaxRecords.text(header.pax, "GNU.sparse.size");
        if (size.isEmpty()) {
            size = PaxRecords.text(header.pax, "GNU.sparse.realsize");
        }
        if (!size.isEmpty()) {
            header.size = Numbers.decimal(size);
        }
    }

    static SparseMap ofRecords(Map<String, byte[]> pax) throws InvalidLayerException {
        long parts = parts(PaxRecords.text(pax, "GNU.sparse.numblocks"));
        String text = PaxRecords.text(pax, MAP);
        String[] numbers = text.isEmpty() ? new String[0] : text.split(",", -1);
        if (numbers.length != 2 * parts) {
            throw new InvalidLayerException("sparse file has " + numbers.length + " numbers for " + parts + " parts");
        }
        SparseMap map = new SparseMap();
        map.addAll(numbers, 0, (int) parts);
        return map;
    }

    private static long parts(String text) throws InvalidLayerException {
        long parts = Numbers.decimal(text);
        if (parts < 0 || parts > MAX_PARTS) {
            throw new InvalidLayerException("sparse file has " + parts + " parts");
        }
        return parts;
    }

    /** Takes a block of the map before the data; whether it was the last. */
    boolean accept(byte[] block) throws InvalidLayerException {
        if (lines.size() + block.length > SparseMap.MAX_BYTES) {
            throw new InvalidLayerException("sparse file has a map of more than " + SparseMap.MAX_BYTES + " bytes");
        }
        lines.writeBytes(block);
        for (byte b : block) {
            lineEnds += b == '\n' ? 1 : 0;
        }
        if (parts < 0 && lineEnds > 0) {
            String text = lines.toString(ISO_8859_1);
            parts = parts(text.substring(0, text.indexOf('\n')));
        }
        return parts >= 0 && lineEnds > 2 * parts;
    }

    /** The map, after the last block. */
    SparseMap map() throws InvalidLayerException {
        String[] numbers = lines.toString(ISO_8859_1).split("\n", (int) (2 * parts + 2));
        SparseMap map = new SparseMap();
        map.addAll(numbers, 1, (int) parts);
        return map;
    }
}
