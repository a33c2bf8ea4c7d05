package dev.sluice.e2e;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An eStargz image with a file for each of some ways to read one, each in a layer of its own. In the container they are
 * {@code /cold/} and the way's name.
 *
 * @param layout of the image
 * @param digests SHA-256 of each file, by its way
 */
record ReaderImage(Path layout, Map<String, String> digests) {
    /** No read-ahead of a file's beginning reaches its end. */
    private static final int SIZE = (3 << 20) + 123;

    /** Of its repository and tag, behind a registry's address. */
    static final String NAME = "/reader:" + DebianImage.TAG;

    private static final List<String> WAYS = List.of("read", "mmap", "sendfile", "exec");

    /** Makes it, or finds it in the cache. */
    static ReaderImage make(TestBed bed) throws IOException {
        List<List<TarEntry>> layers = new ArrayList<>();
        Map<String, String> digests = new LinkedHashMap<>();
        layers.add(ReaderContainer.entries());
        for (String way : WAYS) {
            byte[] contents = contents(way);
            layers.add(List.of(TarEntry.directory("cold"), TarEntry.executable("cold/" + way, contents)));
            digests.put(way, Digests.sha256(contents));
        }
        return new ReaderImage(Estargz.build("reader", layers, bed.directory("i")), digests);
    }

    private static byte[] contents(String way) throws IOException {
        if (way.equals("exec")) {
            return Files.readAllBytes(Path.of("/usr/bin/bash"));
        }
        byte[] bytes = new byte[SIZE + WAYS.indexOf(way)];
        new Random(bytes.length).nextBytes(bytes);
        return bytes;
    }

    /**
     * Puts it into a registry that speaks plain HTTP.
     *
     * @param address {@code host:port}
     * @return its reference
     */
    String push(String address) throws IOException {
        String reference = address + NAME;
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        return reference;
    }

    /** All files have the right bytes, each read in its own way. */
    void assertAllRight(ReaderContainer container) throws IOException {
        for (String way : WAYS) {
            assertRight(container, way);
        }
    }

    /** A file has the right bytes. */
    void assertRight(ReaderContainer container, String way) throws IOException {
        assertThat(container.digest(way, path(way))).as(way).isEqualTo(digests.get(way));
    }

    /** Where a file is in the container. */
    static String path(String way) {
        return "/cold/" + way;
    }

    /** Layers that hold a file. */
    static int layers() {
        return WAYS.size();
    }
}
