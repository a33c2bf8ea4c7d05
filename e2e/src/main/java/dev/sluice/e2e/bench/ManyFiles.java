package dev.sluice.e2e.bench;

import dev.sluice.e2e.image.OciLayout;
import dev.sluice.e2e.image.TarEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A plain gzip image of many small files whose contents compress about as well as programs and texts do. The same bytes each time. */
final class ManyFiles {
    private static final int LAYERS = 4;
    private static final int DIRECTORY = 100;
    private static final int WORDS = 10_000;

    private final Random random = new Random(50_000);
    private final List<byte[]> words = new ArrayList<>();

    private ManyFiles() {
        for (int i = 0; i < WORDS; i++) {
            byte[] word = new byte[3 + random.nextInt(12)];
            for (int j = 0; j < word.length; j++) {
                word[j] = (byte) ('a' + random.nextInt(26));
            }
            words.add(word);
        }
    }

    /**
     * Writes it as an OCI layout.
     *
     * @param bytes of all files together
     */
    static void write(Path layout, String tag, int files, long bytes) throws IOException {
        new ManyFiles().image(layout, tag, files, bytes);
    }

    private void image(Path layout, String tag, int files, long bytes) throws IOException {
        List<List<TarEntry>> layers = new ArrayList<>();
        int mean = Math.toIntExact(bytes / files);
        for (int layer = 0; layer < LAYERS; layer++) {
            List<TarEntry> entries = new ArrayList<>();
            for (int i = 0; i < files / LAYERS; i++) {
                String directory = "srv/layer" + layer + "/" + i / DIRECTORY;
                if (i % DIRECTORY == 0) {
                    entries.add(TarEntry.directory(directory));
                }
                // Most are small, a few are large, as in real images.
                int size = i % 10 == 0 ? mean * 5 : mean * 5 / 9;
                entries.add(TarEntry.file(directory + "/file-" + i, contents(size)));
            }
            layers.add(entries);
        }
        OciLayout.write(layout, tag, layers);
    }

    private byte[] contents(int size) {
        byte[] contents = new byte[size];
        int at = 0;
        while (at < size) {
            // Frequent words are short of bits, as in any text.
            byte[] word = words.get((int) (WORDS * Math.pow(random.nextDouble(), 3)));
            int length = Math.min(word.length, size - at);
            System.arraycopy(word, 0, contents, at, length);
            at += length;
        }
        byte[] head = "file\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(head, 0, contents, 0, Math.min(head.length, size));
        return contents;
    }
}
