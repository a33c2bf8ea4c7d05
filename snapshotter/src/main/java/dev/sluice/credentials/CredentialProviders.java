package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kubelet's credential providers: programs that are asked for the credentials of the images that they are configured for, with the
 * same configuration file and programs as the kubelet has them. The file is read again when it changes. Safe for use by many threads.
 */
public final class CredentialProviders implements CredentialSource, AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CredentialProviders.class);
    private static final int MAX_FILE = 1 << 20;
    private static final Set<String> ENDINGS = Set.of("json", "yaml", "yml");

    private final Path configuration;
    private final Path programs;
    private final Clock clock;
    private Map<Path, FileTime> versions = Map.of();
    private List<CredentialProvider> providers = List.of();
    private Optional<String> unread = Optional.empty();

    /**
     * Reads the configuration.
     *
     * @param configuration a file, or a directory whose files ({@code .json}, {@code .yaml}, {@code .yml}) are read in the order of their
     *     names, as the kubelet's {@code --image-credential-provider-config}
     * @param programs the directory of the programs, as {@code --image-credential-provider-bin-dir}
     * @throws IOException if it cannot be read or used; one sentence
     */
    public CredentialProviders(Path configuration, Path programs) throws IOException {
        this(configuration, programs, Clock.systemUTC());
    }

    CredentialProviders(Path configuration, Path programs, Clock clock) throws IOException {
        this.configuration = requireNonNull(configuration, "configuration is null");
        this.programs = requireNonNull(programs, "programs is null");
        this.clock = clock;
        reload();
    }

    @Override
    public Optional<Credentials> credentials(String host) throws IOException {
        return credentials(host, "", Set.of());
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) throws IOException {
        return credentials(host, repository, Set.of());
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        String image = Images.name(host, repository);
        Optional<IOException> failure = Optional.empty();
        for (CredentialProvider provider : current()) {
            try {
                Optional<Credentials> found = provider.credentials(image, refused);
                if (found.isPresent()) {
                    return found;
                }
            } catch (IOException e) {
                failure = Optional.of(e);
            }
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        return Optional.empty();
    }

    /** Whether the configuration can be read, and the programs are there and answer. */
    public synchronized SourceState state() {
        List<CredentialProvider> configured = current();
        List<String> failures = new ArrayList<>();
        unread.ifPresent(failures::add);
        configured.forEach(provider -> provider.failure().ifPresent(failures::add));
        return failures.isEmpty()
                ? SourceState.works(configuration + " has "
                        + Names.few(configured.stream()
                                .map(provider -> provider.config().name())
                                .toList()))
                : SourceState.broken(String.join("; ", failures));
    }

    private synchronized List<CredentialProvider> current() {
        try {
            reload();
        } catch (IOException e) {
            unread = Optional.of(String.valueOf(e.getMessage()));
            log.warn("What was known of credential providers stays in use: {}", e.getMessage());
        }
        return providers;
    }

    private synchronized void reload() throws IOException {
        TreeMap<Path, FileTime> now = new TreeMap<>();
        try {
            for (Path file : files()) {
                now.put(file, Files.getLastModifiedTime(file));
            }
        } catch (IOException e) {
            throw failed(configuration, "it cannot be read", e);
        }
        if (now.equals(versions)) {
            return;
        }
        // Also if it is malformed: it is not read again, and told of again, until it changes.
        versions = Map.copyOf(now);
        List<ProviderConfig.Provider> configured = new ArrayList<>();
        for (Path file : now.keySet()) {
            configured.addAll(read(file).providers());
        }
        if (configured.isEmpty()) {
            throw failed(configuration, "there is no configuration in it", new IOException("no files"));
        }
        Map<ProviderConfig.Provider, CredentialProvider> known = new HashMap<>();
        providers.forEach(provider -> known.put(provider.config(), provider));
        List<CredentialProvider> fresh = new ArrayList<>();
        for (ProviderConfig.Provider config : configured) {
            fresh.add(Optional.ofNullable(known.remove(config))
                    .orElseGet(() -> new CredentialProvider(config, programs.resolve(config.name()), clock)));
        }
        known.values().forEach(CredentialProvider::close);
        providers = List.copyOf(fresh);
        unread = Optional.empty();
    }

    private List<Path> files() throws IOException {
        if (!Files.isDirectory(configuration)) {
            return List.of(configuration);
        }
        try (Stream<Path> files = Files.list(configuration)) {
            return files.filter(file -> ENDINGS.contains(ending(file)) && Files.isRegularFile(file))
                    .toList();
        }
    }

    private static String ending(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static ProviderConfig read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_FILE + 1);
            if (bytes.length > MAX_FILE) {
                throw new IOException("it has more than " + MAX_FILE + " bytes");
            }
            return ProviderConfig.parse(bytes);
        } catch (IOException e) {
            throw failed(file, String.valueOf(e.getMessage()), e);
        }
    }

    private static IOException failed(Path file, String reason, IOException cause) {
        return new IOException(
                "Tried to read the configuration of credential providers, " + file + ", but failed because: " + reason,
                cause);
    }

    @Override
    public synchronized void close() {
        providers.forEach(CredentialProvider::close);
    }
}
