package dev.sluice.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what is configured for a registry as containerd does: in each root the directories {@code HOST_PORT_}, {@code HOST:PORT}
 * and {@code _default}; in the first that is there a {@code hosts.toml}, or else certificates as Docker lays them out. Immutable.
 */
final class HostDirectories {
    private static final Logger log = LoggerFactory.getLogger(HostDirectories.class);
    private static final int MAX_FILE = 1 << 20;

    private final List<Path> roots;

    /** @param roots such as {@code /etc/containerd/certs.d}; they need not be there */
    HostDirectories(List<Path> roots) {
        this.roots = List.copyOf(roots);
    }

    /**
     * What was found.
     *
     * @param entries in the order in which they are asked, at least one
     * @param versions of what it was read from
     */
    record Found(List<HostEntry> entries, FileVersions versions) {
        Found {
            entries = List.copyOf(entries);
        }
    }

    /**
     * Reads what is configured for a registry; if nothing is, that is {@link HostEntry#DEFAULT}.
     *
     * @param host as in {@link ImageReference#host}
     */
    Found find(String host) throws IOException {
        Set<Path> lookedAt = new LinkedHashSet<>();
        Optional<Path> directory = directory(host, lookedAt);
        if (directory.isEmpty()) {
            return new Found(List.of(HostEntry.DEFAULT), FileVersions.of(lookedAt));
        }
        lookedAt.add(directory.get().resolve("hosts.toml"));
        // Before it is read: what changes meanwhile is read again.
        FileVersions before = FileVersions.of(lookedAt);
        List<HostEntry> entries = load(directory.get());
        for (HostEntry entry : entries) {
            lookedAt.addAll(entry.tls().authorities());
            entry.tls().clients().forEach(pair -> lookedAt.addAll(List.of(pair.certificate(), pair.key())));
        }
        FileVersions all = FileVersions.of(lookedAt);
        return new Found(entries, before.areCurrent() ? all : before);
    }

    private Optional<Path> directory(String host, Set<Path> lookedAt) {
        for (Path root : roots) {
            for (String name : names(host)) {
                Path candidate = root.resolve(name);
                lookedAt.add(candidate);
                if (Files.exists(candidate)) {
                    return Optional.of(candidate);
                }
            }
        }
        return Optional.empty();
    }

    private static List<String> names(String host) {
        int colon = host.lastIndexOf(':');
        return colon > 0
                ? List.of(host.substring(0, colon) + "_" + host.substring(colon + 1) + "_", host, "_default")
                : List.of(host, "_default");
    }

    private static List<HostEntry> load(Path directory) throws IOException {
        Path file = directory.resolve("hosts.toml");
        String toml = read(file);
        if (!toml.isEmpty()) {
            try {
                return HostsFile.parse(toml, directory);
            } catch (InvalidHostsFileException e) {
                log.error("{} is passed over: {}", file, e.getMessage());
            }
        }
        return List.of(HostEntry.ofRegistry(dockerCertificates(directory)));
    }

    private static String read(Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE + 1);
            if (bytes.length > MAX_FILE) {
                throw new IOException(file + " has more than " + MAX_FILE + " bytes");
            }
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** {@code *.crt} are authorities, {@code *.cert} client certificates with their keys in {@code *.key}. */
    private static TlsSettings dockerCertificates(Path directory) throws IOException {
        List<Path> authorities = new ArrayList<>();
        List<TlsSettings.ClientPair> clients = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> list = Files.list(directory)) {
            files = list.sorted().filter(file -> !Files.isDirectory(file)).toList();
        }
        for (Path file : files) {
            String name = String.valueOf(file.getFileName());
            if (name.endsWith(".crt")) {
                authorities.add(file);
            } else if (name.endsWith(".cert")) {
                Path key = directory.resolve(name.substring(0, name.length() - ".cert".length()) + ".key");
                clients.add(new TlsSettings.ClientPair(file, Files.exists(key) ? key : file));
            }
        }
        return new TlsSettings(authorities, clients, Optional.empty());
    }
}
