package dev.sluice.daemon;

import dev.sluice.fill.FillOptions;
import dev.sluice.index.IndexTrust;
import dev.sluice.index.SigningKey;
import dev.sluice.index.VerificationKey;
import dev.sluice.registry.RegistryOptions;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** From the configuration to the options of each part. */
final class Settings {
    /** Bytes per second; a transfer that brings fewer is taken for a silent one. */
    private static final long SLOWEST_PER_SECOND = 1024;

    private Settings() {}

    static FillOptions fill(Config config) {
        FillOptions defaults = FillOptions.defaults();
        return new FillOptions(
                defaults.fetchThreads(),
                config.fill().threads(),
                config.fill().memory().bytes(),
                defaults.maxRequest(),
                config.fill().readAheadMax().bytes(),
                config.checkpointInterval(),
                defaults.idle());
    }

    static RegistryOptions registry(Config.Registry registry) {
        RegistryOptions defaults = RegistryOptions.defaults();
        RegistryOptions.Retries retries = defaults.retries();
        return defaults.withPlainHttpHosts(Set.copyOf(registry.plainHttpHosts()))
                .withHostDirectories(registry.configPath())
                .withPatience(registry.patience())
                .withTimeouts(new RegistryOptions.Timeouts(
                        registry.connectTimeout(),
                        registry.readTimeout(),
                        registry.deadline(),
                        registry.readTimeout(),
                        registry.readTimeout().toMillis() * SLOWEST_PER_SECOND / 1000))
                .withRetries(new RegistryOptions.Retries(
                        registry.retries(), retries.basePause(), retries.maxPause(), retries.maxRetryAfter()));
    }

    /** Registries that the configuration names, for whatever reason: each tells which port is meant by a host without one. */
    static Set<String> hosts(Config.Registry registry) {
        Set<String> hosts = new LinkedHashSet<>(registry.hosts());
        hosts.addAll(registry.plainHttpHosts());
        return hosts;
    }

    /**
     * Which published indexes are believed.
     *
     * @throws IOException if a key cannot be read; the message names its file
     */
    static IndexTrust indexTrust(Config.Index index) throws IOException {
        List<VerificationKey> keys = new ArrayList<>();
        for (Path file : index.keys()) {
            keys.add(readKey(file, VerificationKey::read));
        }
        return new IndexTrust(index.policy(), index.pinned(), keys);
    }

    /**
     * What signs indexes that are published; absent if nothing does.
     *
     * @throws IOException if the key cannot be read; the message names its file, and quotes nothing of it
     */
    static Optional<SigningKey> signingKey(Config.Index index) throws IOException {
        return index.signingKey().isPresent()
                ? Optional.of(readKey(index.signingKey().get(), SigningKey::read))
                : Optional.empty();
    }

    private interface KeyReader<T> {
        T read(Path file) throws IOException;
    }

    private static <T> T readKey(Path file, KeyReader<T> reader) throws IOException {
        try {
            return reader.read(file);
        } catch (NoSuchFileException e) {
            throw new IOException("Tried to read the key " + file + " but there is no such file", e);
        } catch (IOException e) {
            throw new IOException("Tried to read the key " + file + " but failed because: " + e.getMessage(), e);
        }
    }
}
