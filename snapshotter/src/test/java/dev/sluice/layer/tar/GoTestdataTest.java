package dev.sluice.layer.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.sluice.layer.InvalidLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The tars that Go's archive/tar and Python's tarfile are tested with are accepted and refused as by Go. They come with Go, with Debian's
 * golang-1.19-src and with libpython3.11-testsuite.
 */
class GoTestdataTest {
    private static final Set<String> REFUSED = Set.of(
            "issue10968.tar",
            "issue11169.tar",
            "issue12435.tar",
            "neg-size.tar",
            "pax-bad-hdr-file.tar",
            "pax-bad-mtime-file.tar",
            "pax-nul-path.tar",
            "pax-nul-xattrs.tar",
            "writer-big.tar",
            "writer-big-long.tar");

    private static final Path PYTHON = Path.of("/usr/lib/python3.11/test/testtar.tar");

    @TestFactory
    Stream<DynamicTest> ofGo() throws IOException {
        Optional<Path> directory = Stream.of(
                        Optional.ofNullable(System.getenv("GOROOT")).orElse("/usr/local/go"), "/usr/share/go-1.19")
                .map(root -> Path.of(root, "src/archive/tar/testdata"))
                .filter(Files::isDirectory)
                .findFirst();
        assumeTrue(directory.isPresent(), "skipped: needs Go's sources, as in Debian's golang-1.19-src");
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.list(directory.get())) {
            // Java reads no bzip2.
            all.filter(file -> file.toString().matches(".*\\.tar(\\.base64)?")).forEach(files::add);
        }
        assertThat(files).hasSizeGreaterThan(30);
        return files.stream()
                .sorted()
                .map(file -> dynamicTest(file.getFileName().toString(), () -> assertIsReadAsByGo(file)));
    }

    private static void assertIsReadAsByGo(Path file) throws IOException {
        String name = file.getFileName().toString();
        byte[] tar = Files.readAllBytes(file);
        if (name.endsWith(".base64")) {
            tar = Base64.getMimeDecoder().decode(tar);
            name = name.substring(0, name.length() - ".base64".length());
        }
        assertThat(isAccepted(tar)).isEqualTo(!REFUSED.contains(name));
    }

    @Test
    void ofPython() throws IOException {
        assumeTrue(Files.exists(PYTHON), "skipped: needs Debian's libpython3.11-testsuite");
        assertThat(isAccepted(Files.readAllBytes(PYTHON))).isTrue();
    }

    /** By the parser: what containerd makes of the entries is another matter. */
    private static boolean isAccepted(byte[] tar) throws IOException {
        TarParser parser = new TarParser(new TarParser.Sink() {
            @Override
            public boolean entry(TarHeader header, long position) throws InvalidLayerException {
                // Go finds that out when the file is read.
                if (header.sparse.isPresent() && header.sparse.get().stored() != header.storedSize) {
                    throw new InvalidLayerException("sparse file has other data than its map says");
                }
                return true;
            }

            @Override
            public void data(ByteBuffer data) {}

            @Override
            public void meta(ByteBuffer bytes) {}
        });
        try {
            parser.accept(ByteBuffer.wrap(tar));
            parser.finish();
            return true;
        } catch (InvalidLayerException e) {
            return false;
        }
    }
}
