package dev.sluice.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.TarEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * The files of an image of two layers that a {@link ChecksumContainer} reads, maps and executes.
 *
 * @param digests SHA-256 of each, by path
 */
record ColdFiles(Map<String, String> digests) {
    static final int COUNT = 24;
    static final int SMALLEST = 120_000;

    static final String READ = "read-";
    static final String MAP = "map-";
    static final String EXEC = "exec-";

    private static final List<String> WAYS = List.of(READ, MAP, EXEC);

    /** A program that needs nothing but the machine's libraries; bytes behind its end do not disturb it. */
    private static final Path PROGRAM = Path.of("/usr/bin/sha256sum");

    private static final String MAPPED = "import hashlib, mmap, sys\n"
            + "file = open(sys.argv[1], \"rb\")\n"
            + "print(hashlib.sha256(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)).hexdigest() + \"  \" + sys.argv[1])\n";

    private static final String NAME = "cold-files";

    /** Pushes the image, as eStargz, made or found in the cache. */
    static ColdFiles push(TestBed bed, String reference) throws IOException {
        Map<String, String> digests = new TreeMap<>();
        ImagePublisher.push(Estargz.build(NAME, layers(digests), bed.directory("i")), DebianImage.TAG, reference);
        return new ColdFiles(digests);
    }

    static void makeImage(TestBed bed) throws IOException {
        assertThat(Estargz.build(NAME, layers(new TreeMap<>()), bed.directory("i-cold")))
                .exists();
    }

    List<String> paths() {
        return List.copyOf(digests.keySet());
    }

    private static List<List<TarEntry>> layers(Map<String, String> digests) throws IOException {
        List<TarEntry> base = new ArrayList<>(List.of(
                TarEntry.directory("usr"),
                TarEntry.directory("out"),
                TarEntry.directory("space"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
        List<TarEntry> upper = new ArrayList<>(List.of(TarEntry.directory("cold"), TarEntry.directory("space")));
        base.add(TarEntry.directory("cold"));
        base.add(TarEntry.file("map.py", MAPPED.getBytes(UTF_8)));
        byte[] program = Files.readAllBytes(PROGRAM);
        Random random = new Random(1);
        for (int i = 0; i < COUNT; i++) {
            // Each is a chunk of its own, so that a file that was read as a whole needs nothing more.
            byte[] contents = new byte[SMALLEST + random.nextInt(300_000)];
            random.nextBytes(contents);
            System.arraycopy(program, 0, contents, 0, program.length);
            String path = "cold/" + WAYS.get(i % WAYS.size()) + i;
            List<TarEntry> layer = i % 2 == 0 ? base : upper;
            layer.add(TarEntry.executable(path, contents));
            // The kernel reads ahead of a file's end, but not as far as the next one; these few hundred bytes it may
            // have.
            layer.add(TarEntry.file("space/" + i, new byte[1 << 20]));
            digests.put("/" + path, Digests.sha256(contents));
        }
        return List.of(base, upper);
    }
}
