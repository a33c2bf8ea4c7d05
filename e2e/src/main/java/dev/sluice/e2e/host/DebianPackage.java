package dev.sluice.e2e.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Debian package.
 *
 * @param file that dpkg takes
 */
public record DebianPackage(Path file) {

    /** What dpkg calls its version. */
    public String version() throws IOException {
        return Command.of("dpkg-deb", "--field", file.toString(), "Version")
                .run()
                .stdout()
                .strip();
    }

    /**
     * The next version of it: the same files, but that libraries which bear the project's version have other names, as after a release.
     *
     * @param version for dpkg
     * @param directory where it and its parts are put; empty
     */
    public DebianPackage as(String version, Path directory) throws IOException {
        Path parts = directory.resolve("parts");
        Command.of("dpkg-deb", "--raw-extract", file.toString(), parts.toString())
                .run();
        Path control = parts.resolve("DEBIAN/control");
        Files.writeString(control, Files.readString(control).replaceFirst("(?m)^Version: .*$", "Version: " + version));
        for (Path jar : jars(parts)) {
            Files.move(jar, jar.resolveSibling(jar.getFileName().toString().replace("-SNAPSHOT", "-next")));
        }
        Files.delete(parts.resolve("DEBIAN/md5sums"));
        Path next = directory.resolve("sluice_" + version + "_all.deb");
        Command.of("dpkg-deb", "--root-owner-group", "-Znone", "--build", parts.toString(), next.toString())
                .run();
        return new DebianPackage(next);
    }

    private static List<Path> jars(Path parts) throws IOException {
        try (Stream<Path> files = Files.walk(parts)) {
            return files.filter(file -> file.toString().endsWith("-SNAPSHOT.jar"))
                    .toList();
        }
    }
}
