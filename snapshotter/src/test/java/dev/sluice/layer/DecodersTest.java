package dev.sluice.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class DecodersTest {
    private final Decoders decoders = new Decoders(List.of(new IdentityDecoder(), new GzipDecoder()));

    @Test
    void areFoundByTheirId() throws IOException {
        assertThat(decoders.get(0)).isInstanceOf(IdentityDecoder.class);
        assertThat(decoders.get(1)).isInstanceOf(GzipDecoder.class);
        assertThatThrownBy(() -> decoders.get(2))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("id 2");
    }

    @Test
    void haveDifferentIds() {
        assertThatThrownBy(() -> new Decoders(List.of(new GzipDecoder(), new GzipDecoder())))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("id 1");
    }

    @Test
    void identityTakesTheBytesAsTheyAre() throws IOException {
        ByteBuffer in = ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5}, 1, 4);
        ByteBuffer out = ByteBuffer.allocateDirect(3);
        decoders.get(0).decode(in, ByteBuffer.allocate(0), out);
        assertThat(out.flip()).isEqualTo(ByteBuffer.wrap(new byte[] {2, 3, 4}));
        assertThat(in.remaining()).isEqualTo(4);
        assertThatThrownBy(() -> decoders.get(0).decode(in, in, ByteBuffer.allocate(5)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("fewer than the wanted 5");
    }
}
