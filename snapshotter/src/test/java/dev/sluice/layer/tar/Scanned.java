package dev.sluice.layer.tar;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.Entry;
import dev.sluice.layer.PlainLayerLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * What a scanner made of a tar.
 *
 * @param device bytes of the data device
 */
record Scanned(List<Entry> entries, byte[] device) {
    static Scanned of(byte[] tar) throws IOException {
        return of(tar, TarLayer.LIMITS, new Random(tar.length));
    }

    /** @param chunks decides how long the pieces are in which the tar arrives */
    static Scanned of(byte[] tar, PlainLayerLimits limits, Random chunks) throws IOException {
        byte[] device = new byte[4 << 20];
        TarScanner scanner = new TarScanner(
                limits, (offset, bytes) -> bytes.get(device, (int) offset, bytes.remaining()), bytes -> {});
        ByteBuffer in = ByteBuffer.wrap(tar);
        while (in.hasRemaining()) {
            int count = 1 + chunks.nextInt(Math.min(in.remaining(), 1000));
            scanner.accept(in.slice(in.position(), count));
            in.position(in.position() + count);
        }
        scanner.finish();
        return new Scanned(
                scanner.entries(), Arrays.copyOf(device, (int) scanner.pieces().deviceSize()));
    }

    Entry entry(String path) {
        return entries.stream()
                .filter(entry -> entry.path().equals(path))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no entry " + path + " in " + entries));
    }

    List<String> paths() {
        return entries.stream().map(Entry::path).toList();
    }

    Entry.RegularFile file(String path) {
        return (Entry.RegularFile) entry(path);
    }

    Attributes attributes(String path) {
        return file(path).attributes();
    }

    byte[] content(String path) {
        Entry.RegularFile file = file(path);
        return Arrays.copyOfRange(device, (int) file.deviceOffset(), (int) (file.deviceOffset() + file.size()));
    }
}
