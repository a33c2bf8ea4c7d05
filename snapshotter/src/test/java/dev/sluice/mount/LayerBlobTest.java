package dev.sluice.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.layer.Blob;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LayerBlobTest {
    @Test
    void aSourceThatFailsIsLeftForTheNextAndStaysLeft() throws IOException {
        Scripted broken = new Scripted(new byte[] {1}, true);
        Scripted good = new Scripted(new byte[] {2}, false);
        LayerBlob blob = new LayerBlob(List.of(broken, good));
        assertThat(read(blob, Blob.Source.ANY)).isEqualTo(2);
        assertThat(read(blob, Blob.Source.ANY)).isEqualTo(2);
        assertThat(broken.calls).hasValue(1);
        assertThat(good.calls).hasValue(2);
    }

    @Test
    void afterBadBytesAnotherSourceIsAsked() throws IOException {
        LayerBlob blob =
                new LayerBlob(List.of(new Scripted(new byte[] {1}, false), new Scripted(new byte[] {2}, false)));
        assertThat(read(blob, Blob.Source.ANY)).isEqualTo(1);
        assertThat(read(blob, Blob.Source.OTHER)).isEqualTo(2);
    }

    @Test
    void aSourceThatWasAddedLaterIsUsed() throws IOException {
        LayerBlob blob = new LayerBlob(List.of(new Scripted(new byte[] {1}, true)));
        assertThatThrownBy(() -> read(blob, Blob.Source.ANY)).hasMessage("refused");
        blob.add(new Scripted(new byte[] {3}, false));
        assertThat(read(blob, Blob.Source.ANY)).isEqualTo(3);
    }

    private static int read(Blob blob, Blob.Source source) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        try (ReadableByteChannel channel = blob.read(0, 1, source)) {
            channel.read(one);
        }
        return one.get(0);
    }

    private record Scripted(byte[] content, boolean fails, AtomicInteger calls) implements Blob {
        Scripted(byte[] content, boolean fails) {
            this(content, fails, new AtomicInteger());
        }

        @Override
        public long size() {
            return content.length;
        }

        @Override
        public ReadableByteChannel read(long offset, long length, Source source) throws IOException {
            calls.incrementAndGet();
            if (fails) {
                throw new IOException("refused");
            }
            return Channels.newChannel(new ByteArrayInputStream(content, (int) offset, (int) length));
        }
    }
}
