package dev.sluice.daemon;

import dev.sluice.credentials.ChainedCredentials;
import dev.sluice.credentials.CountedSource;
import dev.sluice.credentials.CredentialHelpers;
import dev.sluice.credentials.CredentialProviders;
import dev.sluice.credentials.DockerConfigCredentials;
import dev.sluice.credentials.PullSecrets;
import dev.sluice.credentials.PulledCredentials;
import dev.sluice.credentials.SourceCounts;
import dev.sluice.credentials.SourceState;
import dev.sluice.credentials.SourceStatus;
import dev.sluice.kubernetes.ApiServer;
import dev.sluice.kubernetes.KubernetesClient;
import dev.sluice.registry.CredentialSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** The sources of credentials that are configured, in their order, and what they keep open. */
final class CredentialSources implements AutoCloseable {
    private static final Duration HELPER_TIMEOUT = Duration.ofSeconds(10);

    private final Closing closing;
    private final PulledCredentials pulled;
    private final List<CountedSource> sources;
    private final List<PullSecrets> watching;
    private final CredentialSource chain;

    private CredentialSources(
            Closing closing, PulledCredentials pulled, List<CountedSource> sources, List<PullSecrets> watching) {
        this.watching = List.copyOf(watching);
        this.closing = closing;
        this.pulled = pulled;
        this.sources = List.copyOf(sources);
        this.chain = new ChainedCredentials(this.sources);
    }

    /** @throws IOException if a source cannot be used as it is configured; one sentence */
    static CredentialSources open(Config config) throws IOException {
        Closing closing = new Closing();
        PulledCredentials pulled = new PulledCredentials();
        try {
            List<CountedSource> sources = new ArrayList<>();
            List<PullSecrets> watching = new ArrayList<>();
            for (CredentialSourceName name : config.credentials().sources()) {
                switch (name) {
                    case DOCKER -> {
                        DockerConfigCredentials docker = docker(config.registry());
                        sources.add(counted(name, docker, docker::state));
                    }
                    case KUBERNETES -> {
                        PullSecrets secrets = closing.add(pullSecrets(config.credentials()));
                        sources.add(counted(name, secrets, secrets::state));
                        watching.add(secrets);
                    }
                    case KUBELET -> {
                        CredentialProviders providers = closing.add(providers(config.credentials()));
                        sources.add(counted(name, providers, providers::state));
                    }
                    case CRI ->
                        sources.add(counted(
                                name,
                                pulled,
                                () -> cri(pulled, config.credentials().criAddress())));
                }
            }
            return new CredentialSources(closing, pulled, sources, watching);
        } catch (IOException | RuntimeException e) {
            closing.closeAfter(e);
            throw e;
        }
    }

    private static CountedSource counted(
            CredentialSourceName name, CredentialSource source, Supplier<SourceState> state) {
        return new CountedSource(name.toString(), source, state, Clock.systemUTC());
    }

    /** @param socket where the kubelet's calls come in */
    private static SourceState cri(PulledCredentials pulled, Path socket) {
        return Files.exists(socket)
                ? pulled.state()
                : new SourceState(SourceState.Level.BROKEN, "the socket " + socket + " is not there");
    }

    /** Docker's file where the configuration says, whatever its name, else where Docker looks for it. */
    private static DockerConfigCredentials docker(Config.Registry registry) {
        Path file = registry.dockerConfig()
                .orElseGet(() -> Optional.ofNullable(System.getenv("DOCKER_CONFIG"))
                        .map(Path::of)
                        .orElseGet(() -> Path.of(System.getProperty("user.home"), ".docker"))
                        .resolve("config.json"));
        String searchPath = Optional.ofNullable(System.getenv("PATH")).orElse("/usr/bin:/bin");
        return new DockerConfigCredentials(file, CredentialHelpers.on(searchPath, HELPER_TIMEOUT));
    }

    private static PullSecrets pullSecrets(Config.Credentials config) {
        ApiServer server = config.kubeconfig().map(ApiServer::ofKubeconfig).orElseGet(ApiServer::ofPod);
        return new PullSecrets(new KubernetesClient(server), config.namespaces(), config.secrets());
    }

    private static CredentialProviders providers(Config.Credentials config) throws IOException {
        return new CredentialProviders(
                config.providers().orElseThrow(), config.programs().orElseThrow());
    }

    /** All of them, one after the other. */
    CredentialSource chain() {
        return chain;
    }

    /** Waits some seconds at most until those that were just opened can tell how they are. */
    void awaitFirst() throws IOException {
        for (PullSecrets each : watching) {
            each.awaitFirst();
        }
    }

    /** How each of them is, in their order. */
    List<SourceStatus> status() {
        return sources.stream().map(CountedSource::status).toList();
    }

    /** What each of them was asked, in their order. */
    List<SourceCounts> counts() {
        return sources.stream().map(CountedSource::counts).toList();
    }

    /** Those that pulls show; of use only if it is one of the sources. */
    PulledCredentials pulled() {
        return pulled;
    }

    @Override
    public void close() throws IOException {
        closing.close();
    }
}
