package dev.sluice.kubernetes;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where the API server is and as whom it is spoken to. Files are read each time, as tokens and certificates are rotated. Implementations
 * are safe for use by many threads.
 */
public sealed interface ApiServer permits ServiceAccount, KubeconfigFile {
    /** Where a pod finds its service account: {@code token} and {@code ca.crt}. */
    Path POD_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

    /** @throws IOException if it cannot be told; the message holds no secret */
    Connection connection() throws IOException;

    /** As the pod's service account that this process runs in. */
    static ApiServer ofPod() {
        return new ServiceAccount(POD_ACCOUNT, Map.copyOf(System.getenv()));
    }

    /**
     * The URL of the API server, as a pod is told it.
     *
     * @param environment of the pod
     * @throws IOException if it says nothing
     */
    static String urlInPod(Map<String, String> environment) throws IOException {
        return new ServiceAccount(POD_ACCOUNT, environment).server();
    }

    /** As the current context of a kubeconfig file says. */
    static ApiServer ofKubeconfig(Path file) {
        return new KubeconfigFile(file);
    }
}
