package dev.sluice.layer.estargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.InvalidLayerException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class FooterTest {
    @Test
    void saysWhereTheTableOfContentsBegins() throws InvalidLayerException {
        assertThat(parse(EstargzBuilder.footer(0x1234), 1 << 20)).isEqualTo(new Footer.Toc(0x1234, 51));
    }

    @Test
    void mayBeOfStargz() throws InvalidLayerException {
        byte[] legacy = EstargzBuilder.emptyMember("0000000000001234STARGZ");
        assertThat(legacy).hasSize(47);
        assertThat(parse(legacy, 1 << 20)).isEqualTo(new Footer.Toc(0x1234, 47));
    }

    @Test
    void maySayThatTheTableOfContentsIsElsewhere() throws InvalidLayerException {
        byte[] external = EstargzBuilder.emptyMember("SG\u0011\0STARGZEXTERNALTOC");
        assertThat(external).hasSize(46);
        assertThat(parse(external, 1 << 20)).isEqualTo(new Footer.ExternalToc(46));
    }

    @Test
    void isFoundBehindOtherBytes() throws InvalidLayerException {
        byte[] footer = EstargzBuilder.footer(7);
        ByteBuffer tail = ByteBuffer.allocate(500).put(449, footer);
        assertThat(Footer.parse(tail, 500)).isEqualTo(new Footer.Toc(7, 51));
    }

    @Test
    void isMissingInOtherBlobs() throws InvalidLayerException {
        assertThat(parse(new byte[0], 0)).isEqualTo(new Footer.None());
        assertThat(parse(new byte[50], 50)).isEqualTo(new Footer.None());
        assertThat(parse(EstargzBuilder.gzip(new byte[10_000]), 1 << 20)).isEqualTo(new Footer.None());
        assertThat(parse(EstargzBuilder.emptyMember("SG\u0016\0" + "0".repeat(16) + "STARGX"), 1 << 20))
                .isEqualTo(new Footer.None());
    }

    @Test
    void thatPointsOutsideOfTheBlobIsRefused() throws InvalidLayerException {
        assertThat(parse(EstargzBuilder.footer(948), 1000)).isEqualTo(new Footer.Toc(948, 51));
        refused("%016x".formatted(949), "outside of a blob of 1000 bytes");
        refused("ffffffffffffffff", "outside of a blob of 1000 bytes");
        refused("7fffffffffffffff", "outside of a blob of 1000 bytes");
    }

    @Test
    void whoseOffsetIsNoNumberIsRefused() {
        refused("00000000000000-1", "no hexadecimal number");
        refused("0x00000000000001", "no hexadecimal number");
        refused("000000000000000\u00e9", "no hexadecimal number");
    }

    private static void refused(String offset, String message) {
        byte[] footer = EstargzBuilder.emptyMember("SG\u0016\0" + offset + "STARGZ");
        assertThatThrownBy(() -> parse(footer, 1000))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining(message);
    }

    private static Footer parse(byte[] tail, long blobSize) throws InvalidLayerException {
        return Footer.parse(ByteBuffer.wrap(tail), blobSize);
    }
}
