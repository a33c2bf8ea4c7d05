package dev.sluice.layer.soci;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Writes FlatBuffers. A table is an {@code Object[]} of its fields: {@link Optional#empty} is not there, {@link Byte}, {@link Integer}
 * and {@link Long} are themselves, {@link String} and {@code byte[]} are strings and vectors, a {@link List} is a vector of what it has.
 */
final class FlatWriter {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final List<long[]> patches = new ArrayList<>();

    private FlatWriter() {}

    static byte[] write(Object[] root) {
        FlatWriter writer = new FlatWriter();
        writer.out.writeBytes(new byte[4]);
        writer.patches.add(new long[] {0, writer.table(root)});
        byte[] bytes = writer.out.toByteArray();
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        writer.patches.forEach(patch -> buffer.putInt((int) patch[0], (int) (patch[1] - patch[0])));
        return bytes;
    }

    private int value(Object value) {
        if (value instanceof Object[] fields) {
            return table(fields);
        }
        if (value instanceof List<?> elements) {
            return vector(elements);
        }
        byte[] bytes = value instanceof String text ? text.getBytes(StandardCharsets.UTF_8) : (byte[]) value;
        int at = out.size();
        number(bytes.length, 4);
        out.writeBytes(bytes);
        return at;
    }

    private int vector(List<?> elements) {
        int at = out.size();
        number(elements.size(), 4);
        out.writeBytes(new byte[4 * elements.size()]);
        for (int i = 0; i < elements.size(); i++) {
            patches.add(new long[] {at + 4 + 4L * i, value(elements.get(i))});
        }
        return at;
    }

    private int table(Object[] fields) {
        int vtable = out.size();
        number(4 + 2L * fields.length, 2);
        number(4 + Arrays.stream(fields).mapToInt(FlatWriter::size).sum(), 2);
        int offset = 4;
        for (Object field : fields) {
            number(size(field) == 0 ? 0 : offset, 2);
            offset += size(field);
        }
        int at = out.size();
        number(at - vtable, 4);
        List<Runnable> later = new ArrayList<>();
        for (Object field : fields) {
            int place = out.size();
            if (field instanceof Number n) {
                number(n.longValue(), size(field));
            } else if (size(field) > 0) {
                number(0, 4);
                later.add(() -> patches.add(new long[] {place, value(field)}));
            }
        }
        later.forEach(Runnable::run);
        return at;
    }

    private static int size(Object field) {
        return field instanceof Optional ? 0 : field instanceof Long ? 8 : field instanceof Byte ? 1 : 4;
    }

    private void number(long number, int bytes) {
        for (int i = 0; i < bytes; i++) {
            out.write((int) (number >> (8 * i)));
        }
    }
}
