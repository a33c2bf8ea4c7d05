package dev.sluice.layer.tar;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.Attributes;
import dev.sluice.layer.Entry;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.TarBuilder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trees of any shape come out of their tars as they went in, whatever the pieces in which they arrive, and out of the index again. */
class RandomTreesTest {
    private record Tree(byte[] tar, Map<String, Entry> entries, Map<String, byte[]> contents) {}

    @ParameterizedTest(name = "seed {0}")
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void comeOutAsTheyWentIn(long seed) throws IOException {
        Random random = new Random(seed);
        Tree tree = tree(random);
        TarLayer layer = TarLayer.pass(tree.tar, 1 + random.nextInt(20_000), random);
        LayerIndex index = layer.index().toLayerIndex("sha256:i");
        assertThat(LayerIndexes.describe(index.entries()))
                .isEqualTo(LayerIndexes.describe(List.copyOf(withPlaces(tree, index))));
        for (Entry entry : index.entries()) {
            if (entry instanceof Entry.RegularFile file) {
                assertThat(layer.device(file.deviceOffset(), file.size()))
                        .as(file.path())
                        .isEqualTo(tree.contents.get(file.path()));
                assertThat(throughTheTable(tree.tar, index, file))
                        .as(file.path())
                        .isEqualTo(tree.contents.get(file.path()));
            }
        }
        TarIndex back = TarIndex.read(ByteBuffer.wrap(layer.index().toBytes()), TarLayer.LIMITS);
        LayerIndexes.assertEqual(back.toLayerIndex("sha256:i"), index);
    }

    /** What was put in, each file at the place where it came to lie. */
    private static List<Entry> withPlaces(Tree tree, LayerIndex index) {
        Map<String, Entry> placed = new TreeMap<>(tree.entries);
        for (Entry entry : index.entries()) {
            if (entry instanceof Entry.RegularFile file
                    && placed.get(file.path()) instanceof Entry.RegularFile expected) {
                placed.put(
                        file.path(),
                        new Entry.RegularFile(
                                file.path(), expected.attributes(), expected.size(), file.deviceOffset()));
            }
        }
        return new ArrayList<>(placed.values());
    }

    /** The bytes of a file as the spans fill them; the blob is the tar itself. */
    private static byte[] throughTheTable(byte[] tar, LayerIndex index, Entry.RegularFile file) {
        byte[] bytes = new byte[(int) file.size()];
        for (int i = index.spans().firstExtentEndingAfter(file.deviceOffset());
                i < index.spans().extentCount();
                i++) {
            long at = index.spans().extentDeviceOffset(i) - file.deviceOffset();
            if (at >= bytes.length) {
                break;
            }
            long from = index.spans().spanBlobOffset(index.spans().extentSpan(i))
                    + index.spans().extentSpanOffset(i);
            System.arraycopy(tar, (int) from, bytes, (int) at, index.spans().extentLength(i));
        }
        return bytes;
    }

    private static Tree tree(Random random) {
        TarBuilder tar = new TarBuilder();
        Map<String, Entry> entries = new TreeMap<>();
        Map<String, byte[]> contents = new HashMap<>();
        List<String> directories = new ArrayList<>(List.of(""));
        for (int i = 0; i < 60; i++) {
            String parent = directories.get(random.nextInt(directories.size()));
            String path = parent + (char) ('a' + i % 26) + "é".repeat(random.nextInt(60)) + i;
            Attributes attributes = attributes(random);
            switch (random.nextInt(6)) {
                case 0 -> {
                    tar.directory(path + "/", attributes.mode(), attributes);
                    entries.put(path, new Entry.Directory(path, attributes));
                    directories.add(path + "/");
                }
                case 1 -> {
                    Attributes own = new Attributes(
                            0777, attributes.uid(), attributes.gid(), attributes.mtimeSeconds(), 0, Map.of());
                    tar.symlink(path, own, "../" + i);
                    entries.put(path, new Entry.Symlink(path, own, "../" + i));
                }
                case 2 -> {
                    Attributes own = new Attributes(0600, 1, 2, 3, 0, Map.of());
                    tar.fifo(path, own);
                    entries.put(path, new Entry.Fifo(path, own));
                }
                default -> {
                    byte[] content = new byte[random.nextInt(4) == 0 ? random.nextInt(100_000) : random.nextInt(1000)];
                    random.nextBytes(content);
                    tar.file(path, attributes, content);
                    entries.put(path, new Entry.RegularFile(path, attributes, content.length, 0));
                    contents.put(path, content);
                }
            }
        }
        return new Tree(tar.build(), entries, contents);
    }

    private static Attributes attributes(Random random) {
        Map<String, byte[]> xattrs =
                random.nextInt(4) == 0 ? Map.of("user.x", ("v" + random.nextInt()).getBytes(UTF_8)) : Map.of();
        return new Attributes(
                random.nextInt(010000),
                random.nextInt(100_000),
                random.nextInt(100_000),
                random.nextInt(Integer.MAX_VALUE),
                0,
                xattrs);
    }
}
