package dev.sluice.fill;

import static dev.sluice.fill.DataDevice.PAGE;

import dev.sluice.layer.Decoder;
import dev.sluice.layer.GzipDecoder;
import dev.sluice.layer.IdentityDecoder;
import dev.sluice.layer.SpanTable;
import dev.sluice.layer.SpanTableBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * A layer for tests.
 *
 * @param contents of the data device when it is complete
 */
record TestLayer(SpanTable table, byte[] blob, byte[] contents) {
    private record Piece(int offset, int length) {}

    /** Spans of so many bytes one after the other, in the blob as in the device. */
    static TestLayer plain(int spans, int spanLength) throws IOException {
        byte[] blob = new byte[spans * spanLength];
        new Random(1).nextBytes(blob);
        SpanTableBuilder builder = new SpanTableBuilder(blob.length);
        for (int i = 0; i < spans; i++) {
            byte[] bytes = Arrays.copyOfRange(blob, i * spanLength, (i + 1) * spanLength);
            int span = builder.addSpan(
                    (long) i * spanLength, spanLength, new IdentityDecoder(), new byte[0], Optional.empty());
            builder.addExtent(span, 0, spanLength, (long) i * spanLength, Optional.of(sha256(bytes)));
        }
        int pages = (blob.length + PAGE - 1) / PAGE;
        return new TestLayer(builder.build((long) pages * PAGE), blob, Arrays.copyOf(blob, pages * PAGE));
    }

    /** Extents of odd sizes, some alone and some crowding a page; gaps; spans in any order, some with overlapping ends. */
    static TestLayer random(Random random) throws IOException {
        List<Piece> pieces = new ArrayList<>();
        int end = 0;
        int count = 1 + random.nextInt(120);
        for (int i = 0; i < count; i++) {
            int gap = switch (random.nextInt(8)) {
                case 0 -> random.nextInt(5 * PAGE);
                case 1 -> random.nextInt(100);
                case 2, 3 -> (PAGE - end % PAGE) % PAGE;
                default -> 0;
            };
            int length = switch (random.nextInt(5)) {
                case 0 -> 1 + random.nextInt(200);
                case 1 -> (1 + random.nextInt(4)) * PAGE;
                case 2 -> 1 + random.nextInt(150_000);
                default -> 1 + random.nextInt(3 * PAGE);
            };
            pieces.add(new Piece(end + gap, length));
            end += gap + length;
        }
        int size = (end + PAGE - 1) / PAGE * PAGE + random.nextInt(4) * PAGE;
        byte[] contents = new byte[size];
        for (Piece piece : pieces) {
            for (int i = 0; i < piece.length; i++) {
                contents[piece.offset + i] = (byte) random.nextInt(64);
            }
        }
        if (random.nextBoolean()) {
            Collections.shuffle(pieces, random);
        }
        return build(random, pieces, contents);
    }

    private static TestLayer build(Random random, List<Piece> pieces, byte[] contents) throws IOException {
        List<List<Piece>> spans = new ArrayList<>();
        for (int i = 0; i < pieces.size(); ) {
            int count = Math.min(pieces.size() - i, 1 + random.nextInt(5));
            spans.add(pieces.subList(i, i + count));
            i += count;
        }
        ByteArrayOutputStream blob = new ByteArrayOutputStream();
        List<long[]> ranges = new ArrayList<>();
        List<int[]> offsets = new ArrayList<>();
        List<Decoder> decoders = new ArrayList<>();
        for (List<Piece> span : spans) {
            ByteArrayOutputStream decoded = new ByteArrayOutputStream();
            int[] at = new int[span.size()];
            for (int i = 0; i < at.length; i++) {
                decoded.writeBytes(new byte[random.nextInt(600)]);
                at[i] = decoded.size();
                decoded.write(contents, span.get(i).offset, span.get(i).length);
            }
            boolean gzip = random.nextBoolean();
            byte[] compressed = gzip ? gzip(decoded.toByteArray()) : decoded.toByteArray();
            if (random.nextInt(4) == 0) {
                blob.writeBytes(new byte[random.nextInt(50_000)]);
            }
            ranges.add(new long[] {blob.size(), compressed.length});
            blob.writeBytes(compressed);
            offsets.add(at);
            decoders.add(gzip ? new GzipDecoder() : new IdentityDecoder());
        }
        byte[] all = blob.toByteArray();
        SpanTableBuilder builder = new SpanTableBuilder(all.length);
        List<Integer> numbering = new ArrayList<>();
        for (int i = 0; i < spans.size(); i++) {
            numbering.add(i);
        }
        if (random.nextBoolean()) {
            Collections.shuffle(numbering, random);
        }
        for (int i : numbering) {
            // What follows the end of a span is ignored by decoders, and belongs to the next one as well.
            long tail = Math.min(random.nextInt(3), all.length - ranges.get(i)[0] - ranges.get(i)[1]);
            long length = ranges.get(i)[1] + tail;
            byte[] compressed = Arrays.copyOfRange(all, (int) ranges.get(i)[0], (int) (ranges.get(i)[0] + length));
            boolean digestOfSpan = random.nextBoolean();
            int span = builder.addSpan(
                    ranges.get(i)[0],
                    length,
                    decoders.get(i),
                    new byte[0],
                    digestOfSpan ? Optional.of(sha256(compressed)) : Optional.empty());
            for (int j = 0; j < spans.get(i).size(); j++) {
                Piece piece = spans.get(i).get(j);
                byte[] bytes = Arrays.copyOfRange(contents, piece.offset, piece.offset + piece.length);
                builder.addExtent(
                        span,
                        offsets.get(i)[j],
                        piece.length,
                        piece.offset,
                        digestOfSpan && random.nextBoolean() ? Optional.empty() : Optional.of(sha256(bytes)));
            }
        }
        return new TestLayer(builder.build(contents.length), all, contents);
    }

    ByteBuffer contents(long offset, int length) {
        return ByteBuffer.wrap(contents).slice((int) offset, length);
    }

    static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
            gzip.write(bytes);
        }
        return out.toByteArray();
    }
}
