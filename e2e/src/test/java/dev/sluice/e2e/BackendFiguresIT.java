package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Fscache;
import dev.sluice.e2e.host.PageCache;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.MountedView;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Prints what reads cost through each backend of this machine, beside a plain file on the same disk. Only wrong bytes fail it. */
class BackendFiguresIT {
    private static final int BYTES = 12 << 20;
    private static final int PAGE = 4096;
    private static final int RANDOM_READS = 500;
    private static final byte[] CONTENTS = contents();

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "ctr-remote");
    }

    static void makeImage(TestBed bed) throws IOException {
        assertThat(image(bed)).exists();
    }

    @Test
    void readsThroughEachBackend() throws IOException {
        List<String> backends = new ArrayList<>(List.of("fuse"));
        if (Fscache.isThere()) {
            backends.add("cachefiles");
        }
        try (TestBed bed = Machine.newTestBed()) {
            RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
            String reference = registry.address() + "/figures:" + DebianImage.TAG;
            ImagePublisher.push(image(bed), DebianImage.TAG, reference);
            Path plain = Files.write(bed.directory().resolve("plain"), CONTENTS);
            System.out.printf("%-12s %16s %16s %16s%n", "", "cold, ms", "dropped, ms", "random 4 KiB, us");
            print("plain file", plain, -1);
            for (String backend : backends) {
                try (TestBed one = bed.nested()) {
                    SluiceNode node = SluiceNode.start(
                            one,
                            Machine.installedContainerd(),
                            ContainerdConfig.PLAIN,
                            Machine.distribution(),
                            backend,
                            SluiceProcess.Settings.PATIENT + "prefetch = false\n");
                    node.client().pullLazily(reference, SluiceProcess.NAME);
                    String chainId = RemoteManifest.fetch(reference).chainId();
                    try (MountedView view = node.client().view(SluiceProcess.NAME, chainId, one.directory("v"))) {
                        Path file = view.target().resolve("file");
                        print(backend, file, readAll(file));
                    }
                }
            }
        }
    }

    /** @param cold nanoseconds, negative if unknown */
    private static void print(String name, Path file, long cold) throws IOException {
        PageCache.drop();
        long dropped = readAll(file);
        PageCache.drop();
        long random = readAtRandom(file);
        System.out.printf(
                Locale.ROOT,
                "%-12s %16s %16.1f %16.1f%n",
                name,
                cold < 0 ? "-" : String.format(Locale.ROOT, "%.1f", cold / 1e6),
                dropped / 1e6,
                random / 1e3 / RANDOM_READS);
    }

    private static long readAll(Path file) throws IOException {
        long start = System.nanoTime();
        byte[] bytes = Files.readAllBytes(file);
        long nanos = System.nanoTime() - start;
        assertThat(Digests.sha256(bytes)).isEqualTo(Digests.sha256(CONTENTS));
        return nanos;
    }

    private static long readAtRandom(Path path) throws IOException {
        Random random = new Random(3);
        byte[] page = new byte[PAGE];
        long nanos = 0;
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            for (int i = 0; i < RANDOM_READS; i++) {
                int offset = random.nextInt(BYTES / PAGE) * PAGE;
                long start = System.nanoTime();
                file.seek(offset);
                file.readFully(page);
                nanos += System.nanoTime() - start;
                assertThat(page[17]).isEqualTo(CONTENTS[offset + 17]);
            }
        }
        return nanos;
    }

    private static Path image(TestBed bed) throws IOException {
        return Estargz.build("figures", List.of(List.of(TarEntry.file("file", CONTENTS))), bed.directory("i-figures"));
    }

    private static byte[] contents() {
        byte[] bytes = new byte[BYTES];
        new Random(12).nextBytes(bytes);
        return bytes;
    }
}
