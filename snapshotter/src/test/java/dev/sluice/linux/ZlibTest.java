package dev.sluice.linux;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ZlibTest {
    private static final byte[] CONTENT =
            "to be, or not to be, or to be".repeat(10).getBytes(US_ASCII);

    private final Zlib zlib = ((Zlib.Found) Zlib.load()).zlib();
    private final ByteBuffer out = ByteBuffer.allocateDirect(1000);

    @Test
    void aLibraryThatIsNotThereIsAReasonNotAnError() {
        assertThat(Zlib.load("libnotthere.so.1"))
                .isInstanceOfSatisfying(
                        Zlib.Missing.class,
                        missing -> assertThat(missing.reason())
                                .contains("libnotthere.so.1")
                                .doesNotContain("\n"));
    }

    @Test
    void aLibraryWithoutTheFunctionsIsAReasonNotAnError() {
        assertThat(Zlib.load("libc.so.6")).isInstanceOf(Zlib.Missing.class);
    }

    @Test
    void stopsBeforeTheFirstBlockAndAtTheEnd() throws Exception {
        ByteBuffer in = direct(gzip());
        try (InflateStream stream = zlib.gunzip()) {
            assertThat(stream.inflate(in, out, true)).isEqualTo(InflateStream.Stop.BEFORE_BLOCK);
            assertThat(in.position()).isEqualTo(10);
            assertThat(stream.unusedBits()).isZero();
            assertThat(stream.inflate(in, out, false)).isEqualTo(InflateStream.Stop.MEMBER_END);
            assertThat(in.hasRemaining()).isFalse();
        }
        assertThat(out.flip()).isEqualTo(ByteBuffer.wrap(CONTENT));
    }

    @Test
    void goesOnWhereItHasStoppedByteByByte() throws Exception {
        ByteBuffer in = direct(gzip());
        ByteBuffer window = ByteBuffer.allocateDirect(InflateStream.WINDOW);
        try (InflateStream stream = zlib.gunzip()) {
            InflateStream.Stop stop = InflateStream.Stop.ANYWHERE;
            int end = in.limit();
            for (int limit = 1; limit <= end; limit++) {
                assertThat(stop).isEqualTo(InflateStream.Stop.ANYWHERE);
                stop = stream.inflate(in.limit(limit), out.limit(out.capacity()), false);
            }
            assertThat(stop).isEqualTo(InflateStream.Stop.MEMBER_END);
            assertThat(stream.window(window)).isEqualTo(CONTENT.length);
            stream.reset();
            assertThat(stream.window(window)).isZero();
        }
        assertThat(window.limit(CONTENT.length)).isEqualTo(ByteBuffer.wrap(CONTENT));
    }

    @Test
    void saysWhatIsWrongWithTheData() throws IOException {
        ByteBuffer in = direct(gzip());
        in.put(in.limit() - 8, (byte) (in.get(in.limit() - 8) ^ 1));
        try (InflateStream stream = zlib.gunzip()) {
            assertThatThrownBy(() -> stream.inflate(in, out, false))
                    .isInstanceOf(DataFormatException.class)
                    .hasMessage("incorrect data check");
        }
    }

    @Test
    void refusesBuffersOnTheHeapAndUseAfterTheEnd() throws IOException {
        InflateStream stream = zlib.gunzip();
        ByteBuffer in = direct(gzip());
        assertThatThrownBy(() -> stream.inflate(ByteBuffer.allocate(10), out, false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> stream.inflate(in, ByteBuffer.allocate(10), false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> stream.inflate(in, out.asReadOnlyBuffer(), false))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> stream.window(ByteBuffer.allocateDirect(InflateStream.WINDOW - 1)))
                .isInstanceOf(IllegalArgumentException.class);
        stream.close();
        stream.close();
        assertThatThrownBy(() -> stream.inflate(in, out, false)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(stream::reset).isInstanceOf(IllegalStateException.class);
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static byte[] gzip() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(CONTENT);
        }
        return out.toByteArray();
    }
}
