package dev.sluice.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SipHashTest {
    /** Key 00 01 .. 0f, messages 00 01 02 ...: the published vectors for SipHash-2-4 with 8, 15, 16 and 63 bytes. */
    @Test
    void publishedVectors() {
        SipHash hash = new SipHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);
        byte[] message = new byte[64];
        for (int i = 0; i < message.length; i++) {
            message[i] = (byte) i;
        }
        long first = 0x0706050403020100L;
        assertThat(hash.hash(first, message, 8, 8)).isEqualTo(0x93f5f5799a932462L);
        assertThat(hash.hash(first, message, 8, 15)).isEqualTo(0xa129ca6149be45e5L);
        assertThat(hash.hash(first, message, 8, 16)).isEqualTo(0x3f2acc7f57c29bdbL);
        assertThat(hash.hash(first, message, 8, 63)).isEqualTo(0x958a324ceb064572L);
    }
}
