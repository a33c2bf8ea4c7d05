package dev.sluice.e2e.image;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/** The code that makes images. */
public final class Makers {

    private Makers() {}

    /** Changes with each change of that code: what others have made is not what it makes. */
    public static String key() throws IOException {
        Path code = Path.of(location());
        String directory = Makers.class.getPackageName().replace('.', '/');
        if (Files.isDirectory(code)) {
            return key(code.resolve(directory));
        }
        try (FileSystem jar = FileSystems.newFileSystem(code)) {
            return key(jar.getPath(directory));
        }
    }

    private static URI location() throws IOException {
        try {
            return Makers.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
        } catch (URISyntaxException e) {
            throw new IOException("Tried to find the code of the tests but failed because: " + e.getMessage(), e);
        }
    }

    private static String key(Path directory) throws IOException {
        MessageDigest digest = Digests.newSha256();
        try (Stream<Path> files = Files.list(directory)) {
            List<Path> classes = files.sorted().toList();
            for (Path file : classes) {
                digest.update(Files.readAllBytes(file));
            }
        } catch (UncheckedIOException e) {
            throw new IOException(e);
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
    }
}
