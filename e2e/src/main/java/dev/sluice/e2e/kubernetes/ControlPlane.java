package dev.sluice.e2e.kubernetes;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.FreePort;
import dev.sluice.e2e.host.ServiceProcess;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;

/**
 * etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback ports. Who may do what is decided as in any cluster: by
 * RBAC, for nodes by the node authorizer and {@code NodeRestriction}.
 */
public final class ControlPlane implements AutoCloseable {
    /** The controllers that these tests need; all of them would keep a small machine busy. */
    private static final String CONTROLLERS = String.join(
            ",",
            "daemonset-controller",
            "garbage-collector-controller",
            "namespace-controller",
            "node-lifecycle-controller",
            "pod-garbage-collector-controller",
            "root-ca-certificate-publisher-controller",
            "serviceaccount-controller",
            "taint-eviction-controller");

    private static final String ADMIN = "admin";

    private final Path program;
    private final Path directory;
    private final int port;
    private final Deque<ServiceProcess> processes = new ArrayDeque<>();

    private ControlPlane(Path program, Path directory, int port) {
        this.program = program;
        this.directory = directory;
        this.port = port;
    }

    /**
     * Starts all of them, and waits until the API server is ready.
     *
     * @param program all of Kubernetes in one, see {@code e2e/tools/clients/kubernetes}
     * @param directory for all files
     * @param nodes names of those that may join
     */
    public static ControlPlane start(Path program, Path directory, List<String> nodes) throws IOException {
        Files.createDirectories(directory);
        ControlPlane plane = new ControlPlane(program, directory, FreePort.find());
        try {
            plane.startAll(nodes);
            return plane;
        } catch (IOException e) {
            plane.close();
            throw e;
        }
    }

    private void startAll(List<String> nodes) throws IOException {
        writeTokens(nodes);
        Path key = directory.resolve("service-accounts.pem");
        Command.of("openssl", "genrsa", "-out", key.toString(), "2048").run();
        int etcd = startEtcd();
        ServiceProcess api = launch(
                "apiserver",
                "--etcd-servers=http://127.0.0.1:" + etcd,
                "--bind-address=127.0.0.1",
                "--secure-port=" + port,
                "--cert-dir=" + directory.resolve("certificates"),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-key-file=" + key,
                "--service-account-signing-key-file=" + key,
                "--token-auth-file=" + tokens(),
                "--authorization-mode=Node,RBAC",
                "--enable-admission-plugins=NodeRestriction",
                "--allow-privileged=true",
                "--endpoint-reconciler-type=none",
                "--service-cluster-ip-range=10.96.0.0/24");
        // The key is written when the certificate is complete.
        api.awaitReady(() -> Files.exists(directory.resolve("certificates/apiserver.key")));
        Files.writeString(kubeconfigFile(), kubeconfig(ADMIN));
        Command ready = kubectl("get", "--raw=/readyz");
        try {
            api.awaitReady(() -> ready.runForResult().exitCode() == 0);
        } catch (IOException e) {
            throw new IOException(ready.runForResult().stderr(), e);
        }
        var unused = launch(
                "controller-manager",
                "--kubeconfig=" + kubeconfigFile(),
                "--service-account-private-key-file=" + key,
                "--root-ca-file=" + certificate(),
                "--controllers=" + CONTROLLERS,
                "--leader-elect=false",
                "--secure-port=0");
        unused = launch("scheduler", "--kubeconfig=" + kubeconfigFile(), "--leader-elect=false", "--secure-port=0");
    }

    private int startEtcd() throws IOException {
        int clients = FreePort.find();
        String peers = "http://127.0.0.1:" + FreePort.find();
        ServiceProcess etcd = launch(
                "etcd",
                "--data-dir=" + directory.resolve("etcd"),
                "--listen-client-urls=http://127.0.0.1:" + clients,
                "--advertise-client-urls=http://127.0.0.1:" + clients,
                "--listen-peer-urls=" + peers,
                "--initial-advertise-peer-urls=" + peers,
                "--initial-cluster=default=" + peers,
                "--unsafe-no-fsync");
        etcd.awaitReady(() -> FreePort.answers(clients));
        return clients;
    }

    private ServiceProcess launch(String name, String... arguments) throws IOException {
        List<String> line = new ArrayList<>(List.of(program.toString(), name));
        line.addAll(List.of(arguments));
        ServiceProcess process = ServiceProcess.start(name, line, Map.of(), directory.resolve(name + ".log"));
        processes.push(process);
        return process;
    }

    /** A token is the user's name; nobody but this machine can reach the API server. */
    private void writeTokens(List<String> nodes) throws IOException {
        StringBuilder file = new StringBuilder("%1$s,%1$s,%1$s,system:masters%n".formatted(ADMIN));
        for (String node : nodes) {
            file.append("%1$s,system:node:%1$s,%1$s,system:nodes%n".formatted(node));
        }
        Files.writeString(tokens(), file);
    }

    private Path tokens() {
        return directory.resolve("tokens.csv");
    }

    /** The API server's, which made it itself; behind it stands who signed it. */
    private Path certificate() {
        return directory.resolve("certificates/apiserver.crt");
    }

    private Path kubeconfigFile() {
        return directory.resolve("kubeconfig");
    }

    /** What a node, or the administrator, reaches the API server with. */
    String kubeconfig(String user) throws IOException {
        String authority = Base64.getEncoder()
                .encodeToString(Files.readString(certificate()).getBytes(StandardCharsets.UTF_8));
        return """
                apiVersion: v1
                kind: Config
                clusters:
                - name: test
                  cluster: {server: "https://127.0.0.1:%1$d", certificate-authority-data: %2$s}
                users:
                - name: %3$s
                  user: {token: %3$s}
                contexts:
                - name: test
                  context: {cluster: test, user: %3$s}
                current-context: test
                """.formatted(port, authority, user);
    }

    /** The port of the API server. */
    public int port() {
        return port;
    }

    /** {@code kubectl}, as the administrator. */
    public Command kubectl(String... arguments) {
        return Command.of(
                        program.toString(),
                        "kubectl",
                        "--kubeconfig",
                        kubeconfigFile().toString())
                .withArguments(List.of(arguments));
    }

    /** A kubeconfig file that names the cluster and nobody in it. */
    public Path kubeconfigWithoutUser() throws IOException {
        Path file = directory.resolve("kubeconfig-without-user");
        if (!Files.exists(file)) {
            Files.writeString(file, kubeconfig(ADMIN).replaceAll("user: \\{.*}", "user: {}"));
        }
        return file;
    }

    /** Applies a manifest, of which the API server has to know every field. */
    public void apply(String manifest) throws IOException {
        Path file = Files.createTempFile(directory, "manifest", ".yaml");
        Files.writeString(file, manifest);
        kubectl("apply", "--validate=strict", "--filename", file.toString()).run();
    }

    @Override
    public void close() throws IOException {
        while (!processes.isEmpty()) {
            processes.pop().kill();
        }
    }
}
