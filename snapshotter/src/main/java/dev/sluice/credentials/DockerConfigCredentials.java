package dev.sluice.credentials;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Credentials as the Docker command line stores them: a {@code config.json}, and the credential helpers that it names. The file is read again when it changes; that there is none is no error. A helper is asked each time, before the file's
 * own entries. Safe for use by many threads.
 */
public final class DockerConfigCredentials implements CredentialSource {
    private static final long MAX_SIZE = 1 << 20;

    private final Path file;
    private final CredentialHelpers helpers;
    private volatile Loaded loaded = new Loaded(Optional.empty(), DockerConfig.EMPTY);

    private record Version(FileTime modified, long size, Optional<Object> fileKey) {}

    private record Loaded(Optional<Version> version, DockerConfig config) {}

    /** @param file of any name; need not exist */
    public DockerConfigCredentials(Path file, CredentialHelpers helpers) {
        this.file = requireNonNull(file, "file is null");
        this.helpers = requireNonNull(helpers, "helpers is null");
    }

    @Override
    public Optional<Credentials> credentials(String host) throws IOException {
        return credentials(host, "");
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) throws IOException {
        DockerConfig config = config();
        Optional<String> helper = config.helper(host);
        if (helper.isPresent()) {
            Optional<Credentials> stored = helpers.get(helper.get(), DockerConfig.serverAddress(host));
            if (stored.isPresent()) {
                return stored;
            }
        }
        return config.credentials(host, repository);
    }

    /** If the helper's are refused, those of the file's own entries. */
    @Override
    public Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused)
            throws IOException {
        return credentials(host, repository)
                .filter(known -> !refused.contains(known))
                .or(() -> loaded.config.credentials(host, repository).filter(known -> !refused.contains(known)));
    }

    /** What the file has now. */
    public SourceState state() {
        DockerConfig config;
        try {
            if (version().isEmpty()) {
                return SourceState.empty("there is no " + file);
            }
            config = config();
        } catch (IOException e) {
            return SourceState.broken(String.valueOf(e.getMessage()));
        }
        List<String> missing = config.allHelpers().stream()
                .filter(name ->
                        !CredentialHelpers.isName(name) || helpers.find(name).isEmpty())
                .map(name -> "docker-credential-" + name)
                .toList();
        if (!missing.isEmpty()) {
            return SourceState.broken(
                    file + " names " + String.join(", ", missing) + ", not found on the daemon's search path");
        }
        List<String> parts = new ArrayList<>();
        if (!config.auths().isEmpty()) {
            parts.add("credentials for " + Names.few(config.auths().keySet()));
        }
        if (!config.allHelpers().isEmpty()) {
            parts.add("helpers " + String.join(", ", config.allHelpers()));
        }
        return parts.isEmpty()
                ? SourceState.empty(file + " has no credentials")
                : SourceState.works(file + " has " + String.join(" and ", parts));
    }

    private DockerConfig config() throws IOException {
        Optional<Version> version = version();
        Loaded known = loaded;
        if (known.version.equals(version)) {
            return known.config;
        }
        DockerConfig config = version.isPresent() ? read(version.get()) : DockerConfig.EMPTY;
        loaded = new Loaded(version, config);
        return config;
    }

    private Optional<Version> version() throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(new Version(
                    attributes.lastModifiedTime(), attributes.size(), Optional.ofNullable(attributes.fileKey())));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private DockerConfig read(Version version) throws IOException {
        if (version.size > MAX_SIZE) {
            throw new IOException(message("it has " + version.size + " bytes, more than " + MAX_SIZE));
        }
        try {
            return DockerConfig.parse(Files.readAllBytes(file));
        } catch (IOException e) {
            throw failed(e);
        }
    }

    private IOException failed(IOException cause) {
        return new IOException(message(String.valueOf(cause.getMessage())), cause);
    }

    private String message(String reason) {
        return "Tried to read " + file + " but failed because: " + reason;
    }
}
