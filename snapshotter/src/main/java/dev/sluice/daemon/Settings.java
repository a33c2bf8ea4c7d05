package dev.sluice.daemon;

import dev.sluice.credentials.CredentialHelpers;
import dev.sluice.credentials.DockerConfigCredentials;
import dev.sluice.fill.FillOptions;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.RegistryOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/** From the configuration to the options of each part. */
final class Settings {
    private static final Duration HELPER_TIMEOUT = Duration.ofSeconds(10);

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

    /** Docker's {@code config.json} where the configuration says, else where Docker looks for it. */
    static CredentialSource credentials(Config.Registry registry) {
        Path directory = registry.dockerConfig()
                .map(file -> Optional.ofNullable(file.getParent()).orElse(Path.of("/")))
                .or(() -> Optional.ofNullable(System.getenv("DOCKER_CONFIG")).map(Path::of))
                .orElseGet(() -> Path.of(System.getProperty("user.home"), ".docker"));
        String searchPath = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return new DockerConfigCredentials(directory, CredentialHelpers.on(searchPath, HELPER_TIMEOUT));
    }
}
