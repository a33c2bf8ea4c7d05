package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class GzipDecoderTest {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);

    private final GzipDecoder decoder = new GzipDecoder();

    @Test
    void membersThatFollowEachOtherAreOneStream() throws IOException {
        byte[] content = random(100_000);
        byte[] members = join(gzip(content, 0, 60_000), gzip(content, 60_000, 60_000), gzip(content, 60_000, 100_000));
        assertThat(decode(ByteBuffer.wrap(members), ByteBuffer.allocate(100_000)))
                .isEqualTo(content);
    }

    @Test
    void directBuffersAreAsGood() throws IOException {
        byte[] content = random(100_000);
        byte[] member = gzip(content, 0, content.length);
        ByteBuffer in = ByteBuffer.allocateDirect(member.length + 7).position(7);
        in.put(member).position(7);
        assertThat(decode(in.asReadOnlyBuffer(), ByteBuffer.allocateDirect(content.length)))
                .isEqualTo(content);
    }

    @Test
    void whatFollowsTheWantedBytesIsIgnored() throws IOException {
        byte[] content = random(1000);
        byte[] span = join(gzip(content, 0, 1000), new byte[] {1, 2, 3});
        assertThat(decode(ByteBuffer.wrap(span), ByteBuffer.allocate(1000))).isEqualTo(content);
        assertThat(decode(ByteBuffer.wrap(span), ByteBuffer.allocate(999))).isEqualTo(Arrays.copyOf(content, 999));
    }

    @Test
    void everyFieldOfTheHeaderIsSkipped() throws IOException {
        byte[] member = gzip(random(50), 0, 50);
        byte[] header = "\u001f\u008b\u0008\u001e\0\0\0\0\0\0\u0003\0xyzname\0comment\0cr"
                .getBytes(StandardCharsets.ISO_8859_1);
        byte[] span = join(header, Arrays.copyOfRange(member, 10, member.length));
        assertThat(decode(ByteBuffer.wrap(span), ByteBuffer.allocate(50))).isEqualTo(random(50));
    }

    @Test
    void theInputKeepsItsPosition() throws IOException {
        ByteBuffer in = ByteBuffer.wrap(gzip(random(50), 0, 50));
        decode(in, ByteBuffer.allocate(50));
        assertThat(in.position()).isZero();
    }

    @Test
    void spansThatEndEarlyAreRefusedWhereverTheyEnd() {
        byte[] span = join(gzip(random(50), 0, 20), gzip(random(50), 20, 50));
        for (int length = 0; length < span.length - 8 - 4; length++) {
            ByteBuffer in = ByteBuffer.wrap(span, 0, length);
            assertThatThrownBy(() -> decode(in, ByteBuffer.allocate(50))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void anythingElseIsAnIOExceptionOrOtherBytes() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        byte[] good = join(gzip(random(500), 0, 200), gzip(random(500), 200, 500));
        for (int i = 0; i < 20_000; i++) {
            byte[] bad = good.clone();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            try {
                assertThat(decode(ByteBuffer.wrap(bad), ByteBuffer.allocate(500)))
                        .hasSize(500);
            } catch (IOException e) {
                assertThat(e).as("seed %d", seed).hasMessageContaining("gzip");
            }
        }
    }

    private byte[] decode(ByteBuffer compressed, ByteBuffer decoded) throws IOException {
        decoder.decode(compressed, NONE, decoded);
        assertThat(decoded.hasRemaining()).isFalse();
        byte[] bytes = new byte[decoded.position()];
        decoded.flip().get(bytes);
        return bytes;
    }

    private static byte[] gzip(byte[] bytes, int from, int to) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes, from, to - from);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toByteArray();
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
