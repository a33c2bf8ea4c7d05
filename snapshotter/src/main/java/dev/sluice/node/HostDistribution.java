package dev.sluice.node;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Sluice's programs on the host. Each version has a directory of its own, and {@code /opt/sluice} is a link to one of them, so that nothing
 * changes under a process that runs. Not thread-safe.
 */
final class HostDistribution {
    static final String LINK = "/opt/sluice";
    static final String VERSIONS = "/opt/sluice-versions";

    private static final String PARTIAL = ".partial";
    private static final int ID_DIGITS = 16;

    private final NodeHost host;

    HostDistribution(NodeHost host) {
        this.host = host;
    }

    /** @throws IOException if somebody else has installed Sluice on the host */
    void requireOurs() throws IOException {
        Path link = host.file(LINK);
        if (Files.exists(link, NOFOLLOW_LINKS) && current().isEmpty()) {
            throw new IOException(
                    LINK + " on the host was not put there by Sluice's pods: uninstall that Sluice first, or keep these"
                            + " pods away from this node");
        }
        for (String unit : List.of("/usr/lib/systemd/system/sluice.service", "/lib/systemd/system/sluice.service")) {
            if (host.has(unit)) {
                throw new IOException("the host has a package of Sluice, whose unit is " + unit
                        + ": remove that package first, or keep these pods away from this node");
            }
        }
    }

    /** The version that the link names; empty if there is none of ours. */
    Optional<String> current() throws IOException {
        Path link = host.file(LINK);
        if (!Files.isSymbolicLink(link)) {
            return Optional.empty();
        }
        Path target = Files.readSymbolicLink(link);
        Path expected = Path.of(VERSIONS).getFileName();
        return target.getNameCount() == 2 && target.getName(0).equals(expected)
                ? Optional.of(target.getName(1).toString())
                : Optional.empty();
    }

    /**
     * Copies a distribution to the host, unless it is there, and finds out whether it runs there. What the link names stays.
     *
     * @param source directory with {@code bin/sluice}
     * @return the version's name, which its contents make
     */
    String add(Path source) throws IOException {
        String id = id(source);
        Path target = host.file(VERSIONS + "/" + id);
        if (!Files.isDirectory(target)) {
            Path partial = host.file(VERSIONS + "/" + id + PARTIAL);
            delete(partial);
            copy(source, partial);
            String program = VERSIONS + "/" + id + PARTIAL + "/bin/sluice";
            NodeHost.Outcome outcome = host.runForOutcome(List.of(program, "--version"));
            if (outcome.status() != 0) {
                delete(partial);
                throw new IOException("the host cannot run Sluice: "
                        + outcome.output().strip().replaceAll("\\s*\\R\\s*", " ")
                        + ". It has to have a C library as new as that of the image; take the overlay in which the daemon runs in the"
                        + " pod");
            }
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        }
        return id;
    }

    /**
     * Makes the archive of classes with which Sluice starts faster, unless the version has it. It fits only the version's own place, and
     * the host's processor, so it cannot come with the distribution.
     *
     * @return why it could not be made; Sluice works without
     */
    Optional<String> archiveClasses(String id) throws IOException {
        String home = VERSIONS + "/" + id;
        if (host.has(home + "/lib/sluice.jsa")) {
            return Optional.empty();
        }
        NodeHost.Outcome outcome = host.runForOutcome(List.of(home + "/bin/sluice-archive"));
        return outcome.status() == 0
                ? Optional.empty()
                : Optional.of(outcome.output().strip().replaceAll("\\s*\\R\\s*", " "));
    }

    /**
     * Makes the link name a version, in one step.
     *
     * @return whether it named another one before
     */
    boolean use(String id) throws IOException {
        if (current().equals(Optional.of(id))) {
            return false;
        }
        requireOurs();
        Path next = host.file(LINK + ".new");
        Files.deleteIfExists(next);
        Files.createSymbolicLink(next, Path.of(Path.of(VERSIONS).getFileName().toString(), id));
        Files.move(next, host.file(LINK), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        return true;
    }

    /** Deletes all versions but these. */
    void keepOnly(List<String> ids) throws IOException {
        try (Stream<Path> versions = Files.list(host.file(VERSIONS))) {
            for (Path version : versions.toList()) {
                if (!ids.contains(version.getFileName().toString())) {
                    delete(version);
                }
            }
        }
    }

    /** Deletes all of it. */
    void remove() throws IOException {
        if (current().isPresent()) {
            Files.delete(host.file(LINK));
        }
        delete(host.file(VERSIONS));
    }

    private static void copy(Path source, Path target) throws IOException {
        for (Path path : tree(source)) {
            Path copy = target.resolve(source.relativize(path).toString());
            if (Files.isSymbolicLink(path)) {
                Files.createSymbolicLink(copy, Files.readSymbolicLink(path));
            } else if (Files.isDirectory(path, NOFOLLOW_LINKS)) {
                Files.createDirectories(copy);
            } else {
                Files.copy(path, copy, StandardCopyOption.COPY_ATTRIBUTES);
                HostFile.force(copy);
            }
        }
    }

    /** Names, contents and whether they can be executed, of all files. */
    private static String id(Path source) throws IOException {
        MessageDigest digest = sha256();
        for (Path path : tree(source)) {
            String kind;
            byte[] contents;
            if (Files.isSymbolicLink(path)) {
                kind = "link";
                contents = Files.readSymbolicLink(path).toString().getBytes(StandardCharsets.UTF_8);
            } else if (Files.isDirectory(path, NOFOLLOW_LINKS)) {
                kind = "directory";
                contents = new byte[0];
            } else {
                kind = Files.isExecutable(path) ? "program" : "file";
                contents = Files.readAllBytes(path);
            }
            String head = kind + " " + source.relativize(path) + " " + contents.length + "\n";
            digest.update(head.getBytes(StandardCharsets.UTF_8));
            digest.update(contents);
        }
        return HexFormat.of().formatHex(digest.digest()).substring(0, ID_DIGITS);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }

    private static List<Path> tree(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.sorted().toList();
        }
    }

    /** Follows no link. */
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(path)) {
            for (Path one : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(one);
            }
        }
    }
}
