package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.Fault;
import dev.sluice.e2e.registry.FaultRegistry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** EROFS over fscache: the kernel asks for what is missing in its own cache. Needs a kernel that can: {@code e2e/vm test}. */
@TestInstance(Lifecycle.PER_CLASS)
class CachefilesIT {
    private static final int LAYERS = 100;
    private static final int READERS = 64;
    private static final int READS_EACH = 12;
    private static final int LARGE = 12 << 20;
    private static final int LONGEST_READ = 64 << 10;

    private static final Map<String, byte[]> SHARED = files("shared", 8);
    private static final Map<String, byte[]> TOP_OF_A = files("a", 3);
    private static final Map<String, byte[]> TOP_OF_B = files("b", 3);
    private static final Map<String, byte[]> FAULTY = files("faulty", 30);
    private static final byte[] LARGE_FILE = random(LARGE);

    /** Layers by name, the lowest first. */
    private static final Map<String, List<List<TarEntry>>> IMAGES = new TreeMap<>(Map.of(
            "a", List.of(base(), layer(SHARED), layer(TOP_OF_A)),
            "b", List.of(base(), layer(files("other", 1)), layer(SHARED), layer(TOP_OF_B)),
            "large", List.of(List.of(TarEntry.file("large", LARGE_FILE))),
            "faulty", List.of(layer(FAULTY)),
            "many", IntStream.range(0, LAYERS).mapToObj(CachefilesIT::one).toList()));

    private final TestBed bed;
    private final RegistryProcess registry;
    private final SluiceNode node;

    CachefilesIT() throws IOException {
        needs();
        bed = Machine.newTestBed();
        registry = bed.add(RegistryProcess.start(bed.directory("r")));
        node = SluiceNode.start(
                bed,
                Machine.installedContainerd(),
                ContainerdConfig.PLAIN,
                Machine.distribution(),
                "cachefiles",
                SluiceProcess.Settings.PATIENT + "prefetch = false\nfill = { read_ahead_max = \"0B\" }\n");
        for (String image : IMAGES.keySet()) {
            ImagePublisher.push(
                    Estargz.build(image, IMAGES.get(image), bed.directory("i-" + image)),
                    DebianImage.TAG,
                    reference(image));
        }
    }

    private static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
        assumeTrue(Fscache.isThere(), "needs a kernel with cachefiles on demand: e2e/vm test --kernel cachefiles");
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void aContainerRunsFromRangesThatTheKernelAskedFor() throws IOException {
        AccessLog before = registry.accessLog();
        node.client().pullLazily(reference("a"), SluiceProcess.NAME);
        Map<String, byte[]> expected = new TreeMap<>(SHARED);
        expected.putAll(TOP_OF_A);

        List<String> lines = node.client()
                .command("run", "--rm", "--snapshotter", SluiceProcess.NAME, "--mount")
                .withArguments(List.of("type=bind,src=/usr,dst=/usr,options=rbind:ro", reference("a"), "fscache"))
                .withArguments(List.of("/usr/bin/sha256sum"))
                .withArguments(
                        expected.keySet().stream().map(name -> "/" + name).toList())
                .run()
                .stdout()
                .lines()
                .toList();

        assertThat(lines)
                .containsExactlyElementsOf(expected.entrySet().stream()
                        .map(file -> Digests.sha256(file.getValue()) + "  /" + file.getKey())
                        .toList());
        assertThat(Command.of("dmesg").run().stdout()).contains("erofs", "fscache-based on-demand read");
        assertThat(Files.readString(node.sluice().log())).contains("The kernel's cache is in");
        List<String> layers = layers("a");
        assertThat(registry.accessLog().since(before).requests())
                .filteredOn(request -> layers.contains(request.digest()))
                .isNotEmpty()
                .allMatch(request -> request.status() == 206);
    }

    @Test
    void twoImagesThatShareALayerHaveOneObjectOfIt() throws IOException {
        for (String image : List.of("a", "b")) {
            node.client().pullLazily(reference(image), SluiceProcess.NAME);
        }
        String layer = layers("a").get(1);
        assertThat(layers("b").get(2)).isEqualTo(layer);

        try (MountedView a = view("a");
                MountedView b = view("b")) {
            PageCache.drop();
            assertHolds(a.target(), SHARED);
            AccessLog before = registry.accessLog();
            PageCache.drop();
            assertHolds(b.target(), SHARED);
            assertHolds(b.target(), TOP_OF_B);

            assertThat(registry.accessLog().since(before).requestsByDigest()).doesNotContainKey(layer);
            String device = device(layer);
            assertThat(Fscache.cookies()).filteredOn(device::equals).hasSize(1);
            assertThat(Fscache.cookies())
                    .filteredOn(key -> key.contains("=" + device + "="))
                    .hasSize(1);
        }
    }

    @Test
    void anImageMayHaveAHundredLayers() throws IOException {
        node.client().pullLazily(reference("many"), SluiceProcess.NAME);

        try (MountedView many = view("many")) {
            for (int i = 0; i < LAYERS; i++) {
                assertThat(many.target().resolve("file-" + i)).hasContent("of layer " + i);
            }
            List<String> devices = new ArrayList<>();
            for (String layer : layers("many")) {
                devices.add(device(layer));
            }
            assertThat(devices).doesNotHaveDuplicates().hasSize(LAYERS);
            assertThat(Fscache.cookies()).containsAll(devices);
        }
    }

    @Test
    void manyReadersAtRandomOffsetsReadTheRightBytes() throws IOException {
        node.client().pullLazily(reference("large"), SluiceProcess.NAME);
        long seed = System.nanoTime();

        try (MountedView view = view("large")) {
            Path file = view.target().resolve("large");
            ExecutorService readers = Executors.newFixedThreadPool(READERS);
            try {
                CompletableFuture.allOf(IntStream.range(0, READERS)
                                .mapToObj(i -> CompletableFuture.runAsync(
                                        () -> readAtRandom(file, new Random(seed + i)), readers))
                                .toArray(CompletableFuture[]::new))
                        .join();
            } finally {
                readers.shutdown();
            }
        }
    }

    private void readAtRandom(Path path, Random random) {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            for (int i = 0; i < READS_EACH; i++) {
                byte[] bytes = new byte[1 + random.nextInt(LONGEST_READ)];
                int offset = random.nextInt(LARGE - bytes.length);
                file.seek(offset);
                file.readFully(bytes);
                assertThat(Arrays.equals(bytes, 0, bytes.length, LARGE_FILE, offset, offset + bytes.length))
                        .as(bytes.length + " bytes at " + offset)
                        .isTrue();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aRegistryThatFailsEachTenthRequestIsNotNoticed() throws IOException {
        FaultRegistry faulty = bed.add(FaultRegistry.start(registry.port(), Optional.empty()));
        String reference = faulty.address() + "/faulty:" + DebianImage.TAG;
        node.client().pullLazily(reference, SluiceProcess.NAME);

        faulty.misbehave(Fault.everyNth(10, Fault.status(500)), Long.MAX_VALUE);
        try (MountedView view = node.client()
                .view(
                        SluiceProcess.NAME,
                        RemoteManifest.fetch(reference("faulty")).chainId(),
                        bed.directory("v-faulty"))) {
            PageCache.drop();
            assertHolds(view.target(), FAULTY);
        }
        assertThat(faulty.met()).isGreaterThanOrEqualTo(20);
    }

    private MountedView view(String image) throws IOException {
        return node.client()
                .view(
                        SluiceProcess.NAME,
                        RemoteManifest.fetch(reference(image)).chainId(),
                        bed.directory("v-" + image));
    }

    private static void assertHolds(Path directory, Map<String, byte[]> files) {
        files.forEach(
                (name, contents) -> assertThat(directory.resolve(name)).as(name).hasBinaryContent(contents));
    }

    /** Digests of an image's layers, the lowest first. */
    private List<String> layers(String image) throws IOException {
        return RemoteManifest.fetch(reference(image)).layers().stream()
                .map(layer -> layer.path("digest").asText())
                .toList();
    }

    /** What the cookie of a layer's data device is called: as the layer's directory. */
    private String device(String layer) throws IOException {
        try (var directories = Files.list(bed.directory().resolve("s/root/layers"))) {
            return directories
                    .filter(directory -> read(directory.resolve("layer.json")).contains(layer))
                    .map(directory -> directory.getFileName().toString())
                    .findFirst()
                    .orElseThrow();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String reference(String image) {
        return registry.address() + "/" + image + ":" + DebianImage.TAG;
    }

    /** Makes the images where that is quick, for tests that then run where they can only be read. */
    static void makeImages(TestBed bed) throws IOException {
        for (String image : IMAGES.keySet()) {
            Estargz.build(image, IMAGES.get(image), bed.directory("i-" + image));
        }
    }

    private static List<TarEntry> base() {
        return List.of(
                TarEntry.directory("usr"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64"));
    }

    private static List<TarEntry> layer(Map<String, byte[]> files) {
        return files.entrySet().stream()
                .map(file -> TarEntry.file(file.getKey(), file.getValue()))
                .toList();
    }

    private static List<TarEntry> one(int layer) {
        return List.of(TarEntry.file("file-" + layer, ("of layer " + layer).getBytes(UTF_8)));
    }

    private static Map<String, byte[]> files(String prefix, int count) {
        Map<String, byte[]> files = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            files.put(prefix + "-" + i, random(40_000 + 10_007 * i + prefix.hashCode() % 1000));
        }
        return files;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
