package dev.sluice.install;

import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The files of a host as they are, or as they would be after some changes. Paths are the host's. Immutable, but not the files.
 */
final class ConfigFiles {
    private static final int MAX_BYTES = 1 << 20;

    private final Host host;
    private final Map<Path, TomlDocument> changed;

    private ConfigFiles(Host host, Map<Path, TomlDocument> changed) {
        this.host = host;
        this.changed = changed;
    }

    static ConfigFiles of(Host host) {
        return new ConfigFiles(host, Map.of());
    }

    /** As they would be with this file. */
    ConfigFiles with(Path path, TomlDocument document) {
        Map<Path, TomlDocument> more = new TreeMap<>(changed);
        more.put(path, document);
        return new ConfigFiles(host, more);
    }

    Host host() {
        return host;
    }

    /** What is different from the files that are there. */
    Map<Path, TomlDocument> changed() {
        return new TreeMap<>(changed);
    }

    boolean exists(Path path) throws InvalidContainerdConfigException {
        return changed.containsKey(path) || Files.exists(here(path));
    }

    /**
     * Reads a file.
     *
     * @return empty if it is not there
     * @throws InvalidContainerdConfigException if it cannot be read or is not TOML
     */
    Optional<TomlDocument> read(Path path) throws InvalidContainerdConfigException {
        if (changed.containsKey(path)) {
            return Optional.ofNullable(changed.get(path));
        }
        Path here = here(path);
        if (!Files.exists(here)) {
            return Optional.empty();
        }
        try {
            return Optional.of(TomlDocument.parse(text(path, bytes(path, here))));
        } catch (TomlException e) {
            throw wrong(path, e);
        } catch (InvalidContainerdConfigException e) {
            throw e;
        } catch (IOException e) {
            throw new InvalidContainerdConfigException(
                    "Tried to read the configuration " + path + " but failed because: " + e.getMessage(), e);
        }
    }

    /** One that says which line of which file is wrong. */
    static InvalidContainerdConfigException wrong(Path path, TomlException e) {
        return new InvalidContainerdConfigException(
                path + (e.line() > 0 ? ", line " + e.line() : "") + ": " + e.getMessage(), e);
    }

    private static byte[] bytes(Path path, Path here) throws IOException {
        try (var in = Files.newInputStream(here)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidContainerdConfigException(path + " is greater than " + MAX_BYTES + " bytes");
            }
            return bytes;
        }
    }

    private static String text(Path path, byte[] bytes) throws InvalidContainerdConfigException {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new InvalidContainerdConfigException(path + ": not UTF-8", e);
        }
    }

    /** Where a file is found here. */
    Path here(Path path) throws InvalidContainerdConfigException {
        try {
            return host.find(path);
        } catch (IOException e) {
            throw new InvalidContainerdConfigException(
                    "Tried to find " + path + " but failed because: " + e.getMessage(), e);
        }
    }
}
