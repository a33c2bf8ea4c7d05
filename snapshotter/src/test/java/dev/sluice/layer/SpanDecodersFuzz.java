package dev.sluice.layer;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Objects;

/**
 * Fuzzes spans of gzip and zstd: a byte that says which decoder and whether direct buffers, how many bytes are wanted (u16), the length of what
 * the span needs besides (u16), that, and the span. What can be decoded is decoded to its end, twice to the same, and a part of it to its start.
 */
public final class SpanDecodersFuzz {
    private static final int HEADER = 5;

    private SpanDecodersFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        if (data.length < HEADER) {
            return;
        }
        ByteBuffer in = ByteBuffer.wrap(data);
        int how = in.get();
        int wanted = in.getShort() & 0xFFFF;
        int length = Math.min(in.getShort() & 0xFFFF, in.remaining());
        ByteBuffer auxiliary = in.slice(in.position(), length);
        ByteBuffer span = in.slice(in.position() + length, in.remaining() - length);
        Decoder decoder = switch (how & 3) {
            case 0 -> new GzipDecoder();
            case 1 -> new ZstdDecoder();
            default -> new GzipSpanDecoder();
        };
        boolean direct = (how & 4) != 0;
        try {
            byte[] whole = decode(decoder, span, auxiliary, wanted, direct);
            byte[] part = decode(decoder, span, auxiliary, wanted / 2, !direct);
            Require.that(Arrays.equals(part, Arrays.copyOf(whole, wanted / 2)), "a part is not the start of the whole");
        } catch (IOException e) {
            Objects.requireNonNull(e.getMessage());
        }
    }

    private static byte[] decode(Decoder decoder, ByteBuffer span, ByteBuffer auxiliary, int wanted, boolean direct)
            throws IOException {
        ByteBuffer out = direct ? ByteBuffer.allocateDirect(wanted) : ByteBuffer.allocate(wanted);
        decoder.decode(direct ? direct(span) : span.duplicate(), auxiliary.duplicate(), out);
        Require.that(!out.hasRemaining(), "not all that is wanted");
        byte[] bytes = new byte[wanted];
        out.flip().get(bytes);
        return bytes;
    }

    private static ByteBuffer direct(ByteBuffer bytes) {
        return ByteBuffer.allocateDirect(bytes.remaining())
                .put(bytes.duplicate())
                .flip();
    }
}
