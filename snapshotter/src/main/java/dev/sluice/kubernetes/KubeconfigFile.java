package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A kubeconfig file, read each time it is needed. Safe for use by many threads. */
final class KubeconfigFile implements ApiServer {
    private final Path file;
    private final ExecCredentials plugins;

    KubeconfigFile(Path file) {
        this(file, ExecCredentials.onSearchPath());
    }

    KubeconfigFile(Path file, ExecCredentials plugins) {
        this.file = requireNonNull(file, "file is null");
        this.plugins = plugins;
    }

    @Override
    public Connection connection() throws IOException {
        Path directory = Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"));
        Kubeconfig config;
        try {
            config = Kubeconfig.parse(SmallFile.bytes(file), directory);
        } catch (IOException e) {
            throw new IOException("Tried to use the kubeconfig " + file + " but failed because: " + e.getMessage(), e);
        }
        Optional<Connection.ClientPair> client = config.certificate().isPresent()
                ? Optional.of(new Connection.ClientPair(
                        config.certificate().get().read(),
                        config.key().orElseThrow().read()))
                : Optional.empty();
        Optional<String> token = config.token().isPresent()
                ? Optional.of(config.token().get().read().strip())
                : Optional.empty();
        if (config.exec().isPresent()) {
            ExecCredentials.Answer answer = plugins.ask(config.exec().get());
            client = answer.client().isPresent() ? answer.client() : client;
            token = answer.token();
        }
        Optional<String> authorities = config.authorities().isPresent()
                ? Optional.of(config.authorities().get().read())
                : Optional.empty();
        return new Connection(config.server(), new Connection.Tls(authorities, config.verify(), client), token);
    }

    @Override
    public String toString() {
        return "KubeconfigFile[" + file + "]";
    }
}
