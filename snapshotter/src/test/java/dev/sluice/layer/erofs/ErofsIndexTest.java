package dev.sluice.layer.erofs;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.layer.DigestMismatchException;
import dev.sluice.layer.Entry;
import dev.sluice.layer.InvalidLayerException;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.Sha256;
import dev.sluice.layer.SpanTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of mkfs.erofs, in all the ways in which it stores files. */
class ErofsIndexTest {
    private static final int[] SIZES = {0, 1, 100, 4095, 4096, 4097, 10_000, 300_000};
    private static final String DIGEST = "sha256:" + "0".repeat(64);

    @TempDir
    Path temporary;

    private final Random random = new Random(5);
    private Path source = Path.of("");

    @BeforeEach
    void makeSource() throws IOException {
        assumeTrue(
                Arrays.stream(System.getenv("PATH").split(":"))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "mkfs.erofs"))),
                "mkfs.erofs is not installed");
        source = Files.createDirectories(temporary.resolve("source"));
        Files.createDirectories(source.resolve("a/b"));
        for (int size : SIZES) {
            byte[] contents = new byte[size];
            random.nextBytes(contents);
            Files.write(source.resolve("a/file-" + size), contents);
        }
        Files.write(source.resolve("zeros"), new byte[200_000]);
        Files.createSymbolicLink(source.resolve("a/b/link"), Path.of("../file-1"));
        Files.createLink(source.resolve("a/b/hard"), source.resolve("a/file-10000"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"-x-1", "-Enoinline_data", "--chunksize=4096", "-Eforce-inode-extended", "-Eforce-chunk-indexes"
            })
    void whatThePassWritesIsWhatTheIndexFetches(String option) throws Exception {
        byte[] image = image(option, "-x-1");
        Passed passed = Passed.of(image);

        ErofsIndex read = ErofsIndex.read(ByteBuffer.wrap(passed.index().toBytes()), Passed.LIMITS);
        LayerIndex layer = read.toLayerIndex(DIGEST);

        assertThat(read.isLazy()).isTrue();
        assertThat(layer.format()).isEqualTo("erofs");
        assertThat(fetched(layer, image)).isEqualTo(passed.device());
        Map<String, Entry> entries = layer.entries().stream().collect(Collectors.toMap(Entry::path, entry -> entry));
        assertThat(entries.keySet()).containsExactlyInAnyOrderElementsOf(names());
        for (int size : SIZES) {
            assertThat(contents(entries, "a/file-" + size, passed.device()))
                    .isEqualTo(Files.readAllBytes(source.resolve("a/file-" + size)));
        }
        assertThat(contents(entries, "zeros", passed.device())).isEqualTo(new byte[200_000]);
        assertThat(((Entry.Symlink) entry(entries, "a/b/link")).target()).isEqualTo("../file-1");
        assertThat(Stream.of("a/b/hard", "a/file-10000").map(entries::get).filter(Entry.HardLink.class::isInstance))
                .hasSize(1);
    }

    @Test
    void anIndexOfManySmallFilesLeavesTheirContentsOut() throws Exception {
        for (int i = 0; i < 500; i++) {
            byte[] contents = new byte[2000];
            random.nextBytes(contents);
            Files.write(source.resolve("a/small-" + i), contents);
        }
        Passed passed = Passed.of(image("-x-1"));
        assertThat(passed.index().toBytes().length).isLessThan(60_000);
    }

    @Test
    void compressedFilesAreRefusedInWordsThatHelp() throws Exception {
        byte[] image = image("-zlz4", "-x-1");
        assertThatThrownBy(() -> Passed.of(image))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("compressed")
                .hasMessageContaining("containerd");
    }

    @Test
    void contentsOnAnotherDeviceAreRefused() throws Exception {
        Path device = Files.createFile(temporary.resolve("device"));
        byte[] image = image("--chunksize=4096", "--blobdev=" + device);
        assertThatThrownBy(() -> Passed.of(image))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("another device");
    }

    @Test
    void bothDigestsMustBeRight() throws Exception {
        byte[] image = image("-x-1");
        String right = Passed.digest(image);
        assertThatThrownBy(() -> Passed.of(image, Passed.LIMITS, DIGEST, right))
                .isInstanceOf(DigestMismatchException.class)
                .hasMessageContaining("blob");
        assertThatThrownBy(() -> Passed.of(image, Passed.LIMITS, right, DIGEST))
                .isInstanceOf(DigestMismatchException.class)
                .hasMessageContaining("image");
    }

    @Test
    void whatIsMoreThanALimitIsRefused() throws Exception {
        byte[] image = image("-x-1");
        for (ErofsLimits limits : List.of(
                new ErofsLimits(5, 1 << 20, 1 << 20, 1 << 20, 1 << 30),
                new ErofsLimits(10_000, 50, 1 << 20, 1 << 20, 1 << 30),
                new ErofsLimits(10_000, 1 << 20, 500, 1 << 20, 1 << 30),
                new ErofsLimits(10_000, 1 << 20, 1 << 20, 1 << 20, 100_000))) {
            assertThatThrownBy(() -> Passed.of(image, limits)).isInstanceOf(InvalidLayerException.class);
        }
        byte[] index = Passed.of(image).index().toBytes();
        ErofsLimits small = new ErofsLimits(10_000, 1 << 20, 1 << 20, 100, 1 << 30);
        assertThatThrownBy(() -> ErofsIndex.read(ByteBuffer.wrap(index), small))
                .isInstanceOf(InvalidLayerException.class)
                .hasMessageContaining("allowed");
    }

    @Test
    void aChangedByteOfAnIndexIsFound() throws Exception {
        byte[] index = Passed.of(image("-x-1")).index().toBytes();
        for (int i = 0; i < index.length; i += 13) {
            byte[] wrong = index.clone();
            wrong[i] ^= 1;
            assertThatThrownBy(() -> ErofsIndex.read(ByteBuffer.wrap(wrong), Passed.LIMITS))
                    .isInstanceOf(InvalidLayerException.class);
        }
    }

    private byte[] image(String... options) throws IOException, InterruptedException {
        Path image = temporary.resolve("image.erofs");
        List<String> command = new ArrayList<>(List.of("mkfs.erofs"));
        command.addAll(Arrays.asList(options));
        command.addAll(List.of(image.toString(), source.toString()));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return Files.readAllBytes(image);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.walk(source)) {
            return files.map(file -> source.relativize(file).toString()).toList();
        }
    }

    private static byte[] contents(Map<String, Entry> entries, String path, byte[] device) {
        Entry entry = entry(entries, path);
        Entry.RegularFile file =
                (Entry.RegularFile) (entry instanceof Entry.HardLink link ? entry(entries, link.target()) : entry);
        return Arrays.copyOfRange(device, (int) file.deviceOffset(), (int) (file.deviceOffset() + file.size()));
    }

    private static Entry entry(Map<String, Entry> entries, String path) {
        return requireNonNull(entries.get(path), path);
    }

    private static byte[] fetched(LayerIndex layer, byte[] blob) {
        SpanTable spans = layer.spans();
        byte[] device = new byte[(int) spans.deviceSize()];
        for (int extent = 0; extent < spans.extentCount(); extent++) {
            int span = spans.extentSpan(extent);
            int from = (int) spans.spanBlobOffset(span);
            byte[] part = Arrays.copyOfRange(blob, from, from + (int) spans.spanBlobLength(span));
            assertThat(spans.spanDigestIs(span, Sha256.start().digest(part))).isTrue();
            System.arraycopy(
                    part,
                    spans.extentSpanOffset(extent),
                    device,
                    (int) spans.extentDeviceOffset(extent),
                    spans.extentLength(extent));
        }
        return device;
    }
}
