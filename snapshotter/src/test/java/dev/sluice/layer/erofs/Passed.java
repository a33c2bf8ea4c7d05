package dev.sluice.layer.erofs;

import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.StreamSpan;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An image that was seen as a layer, not compressed.
 *
 * @param device what the pass wrote, zeros where it wrote nothing
 */
record Passed(ErofsIndex index, byte[] device) {
    static final ErofsLimits LIMITS = new ErofsLimits(10_000, 1 << 20, 1 << 20, 1 << 20, 1 << 30);
    static final int SPAN = 64 << 10;

    static Passed of(byte[] image) throws IOException {
        return of(image, LIMITS);
    }

    static Passed of(byte[] image, ErofsLimits limits) throws IOException {
        return of(image, limits, digest(image), digest(image));
    }

    static Passed of(byte[] image, ErofsLimits limits, String digest, String diffId) throws IOException {
        LayerDescriptor layer =
                new LayerDescriptor("application/vnd.erofs.layer.v1", digest, image.length, java.util.Map.of());
        ByteArrayOutputStream device = new ByteArrayOutputStream();
        Path file = Files.createTempFile("sluice", ".erofs");
        try (FileChannel scratch = FileChannel.open(
                file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE)) {
            ErofsPass pass = new ErofsPass(layer, diffId, false, scratch, limits);
            pass.look(ByteBuffer.wrap(image));
            pass.accept(ByteBuffer.wrap(image));
            ErofsIndex index = pass.finish(spans(image), 0, (offset, bytes) -> {
                device.writeBytes(new byte[(int) (offset - device.size())]);
                byte[] part = new byte[bytes.remaining()];
                bytes.get(part);
                device.writeBytes(part);
            });
            return new Passed(index, Arrays.copyOf(device.toByteArray(), (int) index.deviceSize()));
        }
    }

    static String digest(byte[] bytes) {
        return Sha256.toString(Sha256.start().digest(bytes));
    }

    private static List<StreamSpan> spans(byte[] image) {
        List<StreamSpan> spans = new ArrayList<>();
        for (int at = 0; at < image.length; at += SPAN) {
            byte[] part = Arrays.copyOfRange(image, at, Math.min(image.length, at + SPAN));
            spans.add(new StreamSpan(
                    at,
                    part.length,
                    at,
                    part.length,
                    new byte[0],
                    Sha256.start().digest(part)));
        }
        return spans;
    }
}
