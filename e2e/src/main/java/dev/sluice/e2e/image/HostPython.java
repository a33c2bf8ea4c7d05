package dev.sluice.e2e.image;

import dev.sluice.e2e.host.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** This machine's own Python with the most of its library, as a layer: small, and yet a program that reads from many files. */
public final class HostPython {

    /** Where it is in the layer, too. */
    public static final String PROGRAM = "/usr/bin/python3";

    private static final Set<String> PACKAGES = Set.of("collections", "encodings", "importlib", "json", "re");
    private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");

    private final TreeMap<String, TarEntry> entries = new TreeMap<>();

    private HostPython() {}

    /** Entries of the layer. */
    public static List<TarEntry> layer() throws IOException {
        HostPython layer = new HostPython();
        Path program = Path.of(PROGRAM).toRealPath();
        layer.add(program);
        Matcher libraries =
                LIBRARY.matcher(Command.of("ldd", program.toString()).run().stdout());
        for (MatchResult library : libraries.results().toList()) {
            layer.add(Path.of(library.group(1)));
        }
        if (!program.toString().equals(PROGRAM)) {
            layer.put(TarEntry.symlink(PROGRAM.substring(1), program.toString()));
        }
        for (Path file : library(Path.of("/usr/lib").resolve(program.getFileName()))) {
            layer.add(file);
        }
        for (String directory : List.of("dev", "proc", "sys", "tmp")) {
            layer.put(TarEntry.directory(directory));
        }
        return List.copyOf(layer.entries.values());
    }

    private static List<Path> library(Path directory) throws IOException {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> all = Files.walk(directory, 3)) {
            all.filter(file -> file.toString().endsWith(".py"))
                    .filter(file -> isWanted(directory.relativize(file)))
                    .forEach(files::add);
        }
        return files;
    }

    private static boolean isWanted(Path path) {
        return path.getNameCount() == 1 || PACKAGES.contains(path.getName(0).toString());
    }

    /** A file under the name by which it was asked for, even if that leads over links. */
    private void add(Path file) throws IOException {
        byte[] contents = Files.readAllBytes(file);
        String path = file.toString().substring(1);
        TarEntry entry = Files.getPosixFilePermissions(file).contains(PosixFilePermission.OWNER_EXECUTE)
                ? TarEntry.executable(path, contents)
                : TarEntry.file(path, contents);
        put(entry.withMtime(Files.getLastModifiedTime(file).toInstant()));
    }

    private void put(TarEntry entry) {
        int slash = entry.path().lastIndexOf('/');
        if (slash > 0 && !entries.containsKey(entry.path().substring(0, slash))) {
            put(TarEntry.directory(entry.path().substring(0, slash)));
        }
        entries.put(entry.path(), entry);
    }
}
