package dev.sluice.kubernetes;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;

/**
 * A program that a kubeconfig file names, and that is run for a token or a certificate. Immutable.
 *
 * @param version of the protocol: {@code client.authentication.k8s.io/v1} or {@code v1beta1}
 * @param command a name on the search path, or an absolute path
 * @param arguments may be secrets
 * @param environment may hold secrets
 */
record ExecPlugin(String version, String command, List<String> arguments, Map<String, String> environment) {
    ExecPlugin {
        requireNonNull(version, "version is null");
        requireNonNull(command, "command is null");
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    @Override
    public String toString() {
        return "ExecPlugin[" + command + "]";
    }
}
