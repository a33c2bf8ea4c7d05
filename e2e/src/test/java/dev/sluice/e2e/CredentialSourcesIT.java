package dev.sluice.e2e;

import static dev.sluice.e2e.registry.Accounts.Password.FIRST;
import static dev.sluice.e2e.registry.Accounts.Password.SECOND;
import static dev.sluice.e2e.registry.Accounts.Password.THIRD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.kubernetes.ControlPlane;
import dev.sluice.e2e.registry.Accounts;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdConfig;
import dev.sluice.e2e.runtime.CriClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * A registry's password is changed, and taken away, while a container reads: whatever source knows the new one, the container gets the
 * right bytes and never an error, and no secret stands in a log.
 */
class CredentialSourcesIT {
    private static final String WAITS = "Reads wait for other credentials";
    private static final Duration SOON = Duration.ofMinutes(1);

    private final TestBed bed = Machine.newTestBed();
    private final ExecutorService background = Executors.newSingleThreadExecutor();
    private final Accounts accounts;
    private final List<Path> logs = new ArrayList<>();

    CredentialSourcesIT() throws IOException {
        accounts = new Accounts(bed.directory("a").resolve("htpasswd"));
        accounts.accept(FIRST);
    }

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "runc", "ctr-remote");
    }

    @AfterEach
    void stop() throws IOException {
        background.shutdownNow();
        bed.close();
    }

    /** A registry with a private image, which was put there before there were accounts. */
    private RegistryProcess privateRegistry(Path layout, String name) throws IOException {
        Path directory = bed.directory("r");
        try (RegistryProcess open = RegistryProcess.start(directory)) {
            ImagePublisher.push(layout, DebianImage.TAG, open.address() + name);
        }
        return bed.add(RegistryProcess.start(directory, accounts.settings()));
    }

    private SluiceNode start(
            RegistryProcess registry, ContainerdBinaries binaries, ContainerdConfig containerd, String credentials)
            throws IOException {
        String configuration = "log_level = \"debug\"\n"
                + SluiceProcess.Settings.plainHttp(List.of(registry.address()))
                + "docker_config = \"/nowhere/config.json\"\n"
                + credentials;
        SluiceNode node = SluiceNode.start(bed, binaries, containerd, Machine.distribution(), "auto", configuration);
        logs.add(node.sluice().log());
        logs.add(node.containerd().log());
        return node;
    }

    private ReaderContainer startReader(SluiceNode node, String reference, String name) throws IOException {
        node.client()
                .remoteCommand(
                        "images",
                        "rpull",
                        "--plain-http",
                        "--user",
                        Accounts.USER + ":" + FIRST.text(),
                        "--snapshotter",
                        SluiceProcess.NAME,
                        reference)
                .run();
        return ReaderContainer.start(bed, node, reference, name);
    }

    /** Reads while the registry accepts nothing that is known, until somebody makes the new password known. */
    private void waitsFor(SluiceNode node, Callable<?> reading, Callable<?> telling) throws Exception {
        long before = countOf(node, WAITS);
        Future<?> read = background.submit(reading);
        await().atMost(SOON).until(() -> countOf(node, WAITS) > before || read.isDone());
        assertThat(read.isDone()).as("reads without a password").isFalse();
        telling.call();
        read.get(5, TimeUnit.MINUTES);
    }

    private static long countOf(SluiceNode node, String text) throws IOException {
        return Files.readAllLines(node.sluice().log()).stream()
                .filter(line -> line.contains(text))
                .count();
    }

    private void assertNoSecretIsLogged() throws IOException {
        for (Path log : logs) {
            assertThat(Files.readString(log)).isNotEmpty().doesNotContain(Accounts.secrets());
        }
    }

    /** What {@code sluice status} says of a source of credentials. */
    private static JsonNode source(SluiceNode node, int place, String name) throws IOException {
        JsonNode status = node.sluice().status();
        assertThat(status.toString()).doesNotContain(Accounts.secrets());
        JsonNode source = status.path("credential_sources").path(place);
        assertThat(source.path("name").asText()).isEqualTo(name);
        return source;
    }

    private static Callable<Void> right(ReaderImage image, ReaderContainer container, String way) {
        return () -> {
            image.assertRight(container, way);
            return null;
        };
    }

    @Test
    void aCredentialProviderIsAskedAgain() throws Exception {
        ReaderImage image = ReaderImage.make(bed);
        RegistryProcess registry = privateRegistry(image.layout(), ReaderImage.NAME);
        Path password = bed.directory("p").resolve("password");
        Files.writeString(password, FIRST.text());
        Path provider = bed.directory("p").resolve("provider");
        Files.writeString(provider, """
                #!/bin/sh
                cat > /dev/null
                echo asked >> %2$s.log
                echo "the password is $(cat %2$s)" >&2
                printf '{"apiVersion": "credentialprovider.kubelet.k8s.io/v1", "kind": "CredentialProviderResponse",'
                printf '"cacheKeyType": "Registry", "auth": {"%1$s": {"username": "alice", "password": "%%s"}}}' "$(cat %2$s)"
                """.formatted(registry.address(), password));
        Files.setPosixFilePermissions(provider, PosixFilePermissions.fromString("rwx------"));
        Path config = bed.directory("p").resolve("config.yaml");
        Files.writeString(config, """
                apiVersion: kubelet.config.k8s.io/v1
                kind: CredentialProviderConfig
                providers:
                - name: provider
                  apiVersion: credentialprovider.kubelet.k8s.io/v1
                  matchImages: ["%s"]
                  defaultCacheDuration: 12h
                """.formatted(registry.address()));
        SluiceNode node = start(registry, Machine.installedContainerd(), ContainerdConfig.PLAIN, """
                [credentials]
                sources = ["docker", "kubelet"]
                [credentials.kubelet]
                config = "%s"
                bin_dir = "%s"
                """.formatted(
                        config, config.getParent()));
        ReaderContainer container = startReader(node, registry.address() + ReaderImage.NAME, "provider");
        image.assertRight(container, "read");
        assertThat(Files.readAllLines(Path.of(password + ".log"))).hasSize(1);

        Files.writeString(password, SECOND.text());
        accounts.accept(SECOND);
        image.assertRight(container, "mmap");

        accounts.accept(THIRD);
        waitsFor(node, right(image, container, "sendfile"), () -> {
            JsonNode kubelet = source(node, 1, "kubelet");
            assertThat(kubelet.path("state").asText()).isEqualTo("works");
            assertThat(kubelet.path("explanation").asText()).isEqualTo(config + " has provider");
            assertThat(kubelet.path("refused").asInt()).isGreaterThanOrEqualTo(2);
            return Files.writeString(password, THIRD.text());
        });
        image.assertRight(container, "exec");
        assertNoSecretIsLogged();
    }

    @Test
    void aPullSecretIsFollowed() throws Exception {
        Path kubernetes = Machine.client(ClientProgram.KUBERNETES);
        ReaderImage image = ReaderImage.make(bed);
        RegistryProcess registry = privateRegistry(image.layout(), ReaderImage.NAME);
        ControlPlane cluster = bed.add(ControlPlane.start(kubernetes, bed.directory("k"), List.of()));
        cluster.apply(RIGHTS);
        putSecret(cluster, "shared", "pull", registry, FIRST);
        putSecret(cluster, "other", "pull", registry, THIRD);
        SluiceNode node = start(
                registry, Machine.installedContainerd(), ContainerdConfig.PLAIN, """
                [credentials]
                sources = ["docker", "kubernetes"]
                [credentials.kubernetes]
                namespaces = ["shared"]
                kubeconfig = "%s"
                """.formatted(kubeconfig(cluster)));
        ReaderContainer container = startReader(node, registry.address() + ReaderImage.NAME, "secret");
        image.assertRight(container, "read");

        putSecret(cluster, "shared", "pull", registry, SECOND);
        accounts.accept(SECOND);
        image.assertRight(container, "mmap");

        cluster.kubectl("--namespace", "shared", "delete", "secret", "pull").run();
        accounts.accept(THIRD);
        waitsFor(node, right(image, container, "sendfile"), () -> {
            assertThat(source(node, 0, "docker").path("explanation").asText())
                    .isEqualTo("there is no /nowhere/config.json");
            JsonNode secrets = source(node, 1, "kubernetes");
            assertThat(secrets.path("state").asText()).isEqualTo("empty");
            assertThat(secrets.path("explanation").asText()).isEqualTo("0 pull secrets of shared");
            assertThat(secrets.path("refused").asInt()).isGreaterThanOrEqualTo(2);
            assertThat(secrets.path("trouble").path("message").asText())
                    .isEqualTo("what it gave for " + registry.address() + " was refused");
            putOldSecret(cluster, "shared", "new", registry, THIRD);
            return null;
        });

        cluster.close();
        await().atMost(SOON)
                .until(() ->
                        source(node, 1, "kubernetes").path("state").asText().equals("broken"));
        image.assertRight(container, "exec");
        assertNoSecretIsLogged();
    }

    /** What a daemon on the host needs, and nothing more. */
    private static final String RIGHTS = """
            apiVersion: v1
            kind: Namespace
            metadata: {name: shared}
            ---
            apiVersion: v1
            kind: Namespace
            metadata: {name: other}
            ---
            apiVersion: v1
            kind: ServiceAccount
            metadata: {name: sluice, namespace: shared}
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: Role
            metadata: {name: pull-secrets, namespace: shared}
            rules:
            - apiGroups: [""]
              resources: [secrets]
              verbs: [list, watch]
            ---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: RoleBinding
            metadata: {name: pull-secrets, namespace: shared}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: pull-secrets}
            subjects:
            - {kind: ServiceAccount, name: sluice, namespace: shared}
            """;

    private static void putSecret(
            ControlPlane cluster, String namespace, String name, RegistryProcess registry, Accounts.Password password)
            throws IOException {
        cluster.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: %1$s, namespace: %2$s}
                type: kubernetes.io/dockerconfigjson
                stringData:
                  .dockerconfigjson: '{"auths": {"%3$s": {"username": "%4$s", "password": "%5$s"}}}'
                """.formatted(name, namespace, registry.address(), Accounts.USER, password.text()));
    }

    /** Of the type that there was before. */
    private static void putOldSecret(
            ControlPlane cluster, String namespace, String name, RegistryProcess registry, Accounts.Password password)
            throws IOException {
        cluster.apply("""
                apiVersion: v1
                kind: Secret
                metadata: {name: %1$s, namespace: %2$s}
                type: kubernetes.io/dockercfg
                stringData:
                  .dockercfg: '{"%3$s": {"username": "%4$s", "password": "%5$s"}}'
                """.formatted(name, namespace, registry.address(), Accounts.USER, password.text()));
    }

    private Path kubeconfig(ControlPlane cluster) throws IOException {
        Path token = bed.directory("t").resolve("token");
        Files.writeString(
                token,
                cluster.kubectl("--namespace", "shared", "create", "token", "sluice")
                        .run()
                        .stdout());
        Path file = bed.directory("t").resolve("kubeconfig");
        Files.writeString(
                file,
                Files.readString(cluster.kubeconfigWithoutUser()).replace("user: {}", "user: {tokenFile: token}"));
        return file;
    }

    @Test
    void whatAKubeletShowsContainerd1IsSeen() throws Exception {
        whatAKubeletShowsContainerdIsSeen(Machine.installedContainerd());
    }

    @Test
    void whatAKubeletShowsContainerd2IsSeen() throws Exception {
        whatAKubeletShowsContainerdIsSeen(Machine.newestContainerd());
    }

    /** All that a kubelet does goes through Sluice's socket, pods too. */
    private void whatAKubeletShowsContainerdIsSeen(ContainerdBinaries binaries) throws Exception {
        Machine.assumePrograms("mmdebstrap");
        Path program = Machine.client(ClientProgram.CRI);
        RegistryProcess open = bed.add(RegistryProcess.start(bed.directory("o")));
        String sandbox = open.address() + "/pause:1";
        CriClient.publishSandbox(program, bed.directory("p"), sandbox);
        RegistryProcess registry = privateRegistry(Estargz.build(TestImages.PYTHON, bed.directory("i")), "/python:1");
        String reference = registry.address() + "/python:1";
        Path socket = bed.directory().resolve("cri");
        SluiceNode node = start(registry, binaries, ContainerdConfig.PLAIN.withCri(sandbox), """
                [credentials]
                sources = ["docker", "cri"]
                [credentials.cri]
                address = "%s"
                """.formatted(socket));
        CriClient kubelet = new CriClient(program, socket);
        kubelet.pull(reference, Accounts.USER, FIRST.text());
        assertThat(node.client().inNamespace(CriClient.NAMESPACE).snapshots(CriClient.NAMESPACE, SluiceProcess.NAME))
                .isNotEmpty();
        assertThat(kubelet.run(reference, TestImages.PYTHON_HELLO).stdout()).isEqualTo("hello\n");

        JsonNode seen = source(node, 1, "cri");
        assertThat(seen.path("explanation").asText()).isEqualTo("pulls have shown credentials for 1 repository");

        accounts.accept(SECOND);
        waitsFor(
                node,
                () -> assertThat(kubelet.run(reference, READ_ALL).stdout()).isEqualTo("all\n"),
                () -> {
                    kubelet.pull(reference, Accounts.USER, SECOND.text());
                    return null;
                });
        assertNoSecretIsLogged();
    }

    /** Reads the whole standard library; an error of one file ends it. */
    private static final List<String> READ_ALL = List.of("python3", "-c", """
            import os
            for directory, _, names in os.walk('/usr/lib/python3.11'):
                for name in names:
                    open(os.path.join(directory, name), 'rb').read()
            print('all')
            """);
}
