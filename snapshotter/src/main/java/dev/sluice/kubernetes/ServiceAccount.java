package dev.sluice.kubernetes;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * A pod's service account, as the kubelet puts it into every container.
 *
 * @param directory with {@code token} and {@code ca.crt}
 * @param environment of the container
 */
record ServiceAccount(Path directory, Map<String, String> environment) implements ApiServer {
    ServiceAccount {
        environment = Map.copyOf(environment);
    }

    @Override
    public Connection connection() throws IOException {
        // Before the files: outside of a pod this tells more.
        String server = server();
        String authorities = SmallFile.text(directory.resolve("ca.crt"));
        String token = SmallFile.text(directory.resolve("token")).strip();
        return new Connection(
                server, new Connection.Tls(Optional.of(authorities), true, Optional.empty()), Optional.of(token));
    }

    /** URL of the API server. */
    String server() throws IOException {
        String host = variable("KUBERNETES_SERVICE_HOST");
        String port = variable("KUBERNETES_SERVICE_PORT");
        return "https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    private String variable(String name) throws IOException {
        return Optional.ofNullable(environment.get(name))
                .filter(value -> !value.isEmpty())
                .orElseThrow(() -> new IOException("Tried to find the Kubernetes API but failed because: " + name
                        + " is not set; outside of a pod it takes a kubeconfig file"));
    }

    /** Without the environment. */
    @Override
    public String toString() {
        return "ServiceAccount[" + directory + "]";
    }
}
