package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.Poll;
import dev.sluice.e2e.host.SystemdMachine;
import dev.sluice.e2e.host.SystemdMachine.Cgroups;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.DebianRoot;
import dev.sluice.e2e.image.Digests;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.TarEntry;
import dev.sluice.e2e.kubernetes.ControlPlane;
import dev.sluice.e2e.kubernetes.KubernetesNode;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.registry.Shape;
import dev.sluice.e2e.registry.ShapingProxy;
import dev.sluice.e2e.runtime.ClientProgram;
import dev.sluice.e2e.runtime.CriClient;
import dev.sluice.e2e.tree.TreeDigest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Sluice on a node of a real cluster, from {@code kubectl apply} until nothing of it is left: the host is a Debian 12 with systemd as process
 * 1, with containerd and kubelet. Each test goes on where the one before has ended.
 */
@TestInstance(Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KubernetesIT {
    private static final Path MANIFESTS = Path.of("../deploy/kubernetes");
    private static final Duration PATIENCE = Duration.ofMinutes(4);
    private static final String NODE = "worker";
    private static final String UNIT = "sluice.service";
    private static final String USER = "puller";
    private static final String PASSWORD = "secret-of-the-puller";
    private static final int FILES = 12;
    private static final int SIZE = 300_000;
    /** So slow that there is always something on its way. */
    private static final Shape LINK = new Shape(Duration.ofMillis(10), 2_000_000);

    private final TestBed bed;
    private final RegistryProcess registry;
    private final RegistryProcess open;
    private final ShapingProxy link;
    private final ControlPlane cluster;
    private final SystemdMachine machine;
    private final KubernetesNode node;
    private final Map<String, String> digests = new TreeMap<>();
    private final TreeDigest etcBefore;
    private final List<String> mountsBefore;

    KubernetesIT() throws IOException {
        Machine.assumeRoot();
        Machine.assumePrograms(
                "docker-registry", "skopeo", "ctr-remote", "mmdebstrap", "nsenter", "openssl", "umoci", "python3");
        Path image = Machine.containerImage();
        Path kubernetes = Machine.client(ClientProgram.KUBERNETES);
        Path cri = Machine.client(ClientProgram.CRI);
        bed = Machine.newTestBed();
        try {
            Path app = Estargz.build("kubernetes", layers(), bed.directory("i"));
            Path storage = bed.directory("r");
            String pause;
            try (RegistryProcess filled = RegistryProcess.start(storage)) {
                ImagePublisher.push(app, DebianImage.TAG, filled.address() + "/private/app:1");
            }
            registry = bed.add(RegistryProcess.start(storage, passwords(storage)));
            link = bed.add(ShapingProxy.start(registry.port(), LINK));
            open = bed.add(RegistryProcess.start(bed.directory("o")));
            pause = open.address() + "/pause:1";
            CriClient.publishSandbox(cri, bed.directory("p"), pause);
            ImagePublisher.push(app, DebianImage.TAG, open.address() + "/app:1");
            ImagePublisher.push(image, version(image), open.address() + "/sluice:1");

            cluster = bed.add(ControlPlane.start(kubernetes, bed.directory("k"), List.of(NODE)));
            machine = bed.add(boot(kubernetes));
            node = KubernetesNode.join(cluster, machine, NODE, pause);
            etcBefore = TreeDigest.of(machine.files().resolve("etc"));
            mountsBefore = mounts();
            writeOverlays(open.address());
            cluster.kubectl("create", "secret", "docker-registry", "puller")
                    .withArguments(List.of(
                            "--docker-server=" + link.address(),
                            "--docker-username=" + USER,
                            "--docker-password=" + PASSWORD))
                    .run();
        } catch (IOException | RuntimeException e) {
            closeAfter(e);
            throw e;
        }
    }

    private void closeAfter(Exception failure) {
        try {
            bed.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    @AfterAll
    void stop() throws IOException {
        bed.close();
    }

    private SystemdMachine boot(Path kubernetes) throws IOException {
        Path root = new DebianRoot(
                        "node-bookworm",
                        "bookworm",
                        List.of("ca-certificates", "containerd", "mount", "runc", "systemd-sysv"))
                .build();
        return SystemdMachine.boot(new SystemdMachine.Settings(
                Path.of("tools/systemd/boot"),
                root,
                bed.directory("m"),
                Cgroups.HYBRID,
                Map.of(Path.of(KubernetesNode.PROGRAMS), kubernetes.getParent())));
    }

    private List<List<TarEntry>> layers() {
        List<TarEntry> layer = new ArrayList<>(List.of(
                TarEntry.directory("usr"),
                TarEntry.symlink("bin", "usr/bin"),
                TarEntry.symlink("lib", "usr/lib"),
                TarEntry.symlink("lib64", "usr/lib64")));
        Random random = new Random(7);
        for (String directory : List.of("first", "second", "third", "fourth", "fifth")) {
            layer.add(TarEntry.directory(directory));
            for (int i = 0; i < FILES; i++) {
                byte[] contents = new byte[SIZE];
                random.nextBytes(contents);
                layer.add(TarEntry.file(directory + "/" + i, contents));
                layer.add(TarEntry.file("space-" + directory + i, new byte[1 << 20]));
                digests.put("/" + directory + "/" + i, Digests.sha256(contents));
            }
        }
        return List.of(layer);
    }

    private static Map<String, String> passwords(Path directory) throws IOException {
        Path file = directory.resolve("htpasswd");
        String hash = Command.of(
                        "python3",
                        "-W",
                        "ignore",
                        "-c",
                        "import crypt,sys; print(crypt.crypt(sys.argv[1], crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=16)))",
                        PASSWORD)
                .run()
                .stdout()
                .strip();
        Files.writeString(file, USER + ":" + hash + "\n");
        return Map.of(
                "REGISTRY_AUTH", "htpasswd",
                "REGISTRY_AUTH_HTPASSWD_REALM", "test",
                "REGISTRY_AUTH_HTPASSWD_PATH", file.toString());
    }

    /** The tag in the image's layout. */
    private static String version(Path image) throws IOException {
        String index = Files.readString(image.resolve("index.json"));
        return index.replaceAll("(?s).*\"org.opencontainers.image.ref.name\"\\s*:\\s*\"([^\"]+)\".*", "$1");
    }

    /** What differs from the manifests in any cluster: names of images; and here no service has an address. */
    private void writeOverlays(String address) throws IOException {
        for (String kind : List.of("install", "remove")) {
            Path overlay = bed.directory("k/" + kind);
            Path manifests = manifests(kind);
            String component = manifests + (kind.equals("remove") ? "/remove/component" : "/pull-secrets");
            Files.writeString(overlay.resolve("kustomization.yaml"), """
                    apiVersion: kustomize.config.k8s.io/v1beta1
                    kind: Kustomization
                    resources: [%1$s/base]
                    components: [%2$s]
                    images:
                    - {name: sluice, newName: %3$s/sluice, newTag: "1"}
                    configMapGenerator:
                    - name: sluice-config
                      namespace: sluice-system
                      behavior: replace
                      files: [config.toml]
                    patches:
                    - target: {kind: DaemonSet, name: sluice}
                      patch: |-
                        - op: add
                          path: /spec/template/spec/containers/0/env/-
                          value: {name: KUBERNETES_SERVICE_HOST, value: 127.0.0.1}
                        - op: add
                          path: /spec/template/spec/containers/0/env/-
                          value: {name: KUBERNETES_SERVICE_PORT, value: "%4$d"}
                    """.formatted(
                            manifests, component, address, cluster.port()));
            writeConfiguration(overlay, "info");
        }
    }

    private void writeConfiguration(Path overlay, String logLevel) throws IOException {
        Files.writeString(overlay.resolve("config.toml"), """
                admin = "/run/sluice/admin.sock"
                log_level = "%s"
                prepare_timeout = "5m"
                background_rate = "0B"
                prefetch = false
                fill = { read_ahead_max = "0B" }
                [credentials]
                sources = ["kubernetes"]
                [credentials.kubernetes]
                namespaces = ["default"]
                kubeconfig = "/run/sluice/kubernetes/kubeconfig"
                """.formatted(logLevel));
    }

    private Path overlay(String kind) throws IOException {
        return bed.directory("k/" + kind);
    }

    private void apply(String kind) throws IOException {
        cluster.kubectl("apply", "--kustomize", overlay(kind).toString()).run();
    }

    @Test
    @Order(1)
    void applyingTheManifestsInstallsOntoTheHost() throws IOException {
        cluster.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: Role
                metadata: {name: sluice-pull-secrets, namespace: default}
                rules:
                - {apiGroups: [""], resources: [secrets], verbs: [get, list, watch]}
                """);
        cluster.apply("""
                apiVersion: rbac.authorization.k8s.io/v1
                kind: RoleBinding
                metadata: {name: sluice-pull-secrets, namespace: default}
                roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: sluice-pull-secrets}
                subjects: [{kind: ServiceAccount, name: sluice, namespace: sluice-system}]
                """);
        apply("install");

        awaitRollout();

        assertThat(cluster.kubectl("get", "node", NODE, "--output=jsonpath={.metadata.labels.dev\\.sluice/ready}")
                        .run()
                        .stdout())
                .isEqualTo("true");
        assertThat(taints()).doesNotContain("dev.sluice");
        assertThat(machine.run("systemctl", "is-active", UNIT).stdout()).isEqualTo("active\n");
        assertThat(machine.run("systemctl", "is-enabled", UNIT).stdout()).isEqualTo("enabled\n");
        assertThat(machine.run("ctr", "plugins", "ls", "id==sluice").stdout()).contains("ok");
        assertThat(machine.run("cat", "/proc/" + mainProcess(UNIT) + "/maps").stdout())
                .as("the archive of its classes is in use")
                .containsPattern("/opt/sluice-versions/[0-9a-f]+/lib/sluice.jsa");
    }

    @Test
    @Order(2)
    void aPodWithAPullSecretStartsLazily() throws IOException {
        // The daemon was there before the pod's account was, and tries again after a pause.
        assertThat(Poll.until(PATIENCE, () -> machine.journal(UNIT).contains("pull secrets of namespace default")))
                .as(this::state)
                .isTrue();
        AccessLog before = registry.accessLog();

        Reading reading = read("first");

        reading.assertRight();
        long bytes = registry.accessLog().since(before).bytes();
        assertThat(bytes)
                .as("bytes of a layer with four directories of which one was read")
                .isGreaterThan((long) FILES * SIZE)
                .isLessThan(2L * FILES * SIZE);
        assertThat(snapshotter("first")).isEqualTo("sluice");
    }

    @Test
    @Order(3)
    void containersReadOnWhenThePodIsDeleted() throws IOException {
        String service = mainProcess(UNIT);
        Reading reading = read("second");
        reading.awaitSome();
        String pod = agent();

        cluster.kubectl("delete", "pod", pod, "--namespace=sluice-system").run();

        assertThat(Poll.until(PATIENCE, () -> !agent().equals(pod) && !agent().isEmpty()))
                .isTrue();
        awaitRollout();
        reading.assertRight();
        assertThat(mainProcess(UNIT)).as("the service").isEqualTo(service);
    }

    @Test
    @Order(4)
    void aChangedSettingRestartsSluiceButNotContainerd() throws IOException {
        String service = mainProcess(UNIT);
        String containerd = mainProcess("containerd.service");
        Reading reading = read("third");
        reading.awaitSome();
        writeConfiguration(overlay("install"), "debug");

        apply("install");
        awaitRollout();

        assertThat(mainProcess(UNIT)).isNotEqualTo(service);
        assertThat(mainProcess("containerd.service")).isEqualTo(containerd);
        reading.assertRight();
    }

    @Test
    @Order(5)
    void aNodeWhereSluiceDoesNotWorkTakesNoPods() throws IOException {
        machine.run("systemctl", "stop", UNIT);
        assertThat(Poll.until(PATIENCE, () -> taints().contains("dev.sluice/not-ready")))
                .as(this::state)
                .isTrue();
        assertThat(ready()).isEmpty();

        machine.start(UNIT);
        assertThat(Poll.until(PATIENCE, () -> !taints().contains("dev.sluice/not-ready")))
                .as(this::state)
                .isTrue();
        assertThat(ready()).isEqualTo("true");
    }

    @Test
    @Order(6)
    void removalWaitsForWhoUsesSluiceAndThenLeavesNothing() throws IOException {
        apply("remove");
        assertThat(Poll.until(
                        PATIENCE,
                        () -> node.log("sluice-system", "sluice-*", "uninstall").contains("pod default/first")))
                .as(this::state)
                .isTrue();
        assertThat(machine.run("systemctl", "is-active", UNIT).stdout()).isEqualTo("active\n");
        cluster.kubectl("delete", "pods", "--all", "--namespace=default").run();

        awaitRollout();
        assertThat(ready()).isEmpty();
        assertThat(taints()).doesNotContain("dev.sluice");
        cluster.kubectl("delete", "--kustomize", overlay("remove").toString()).run();

        assertThat(Poll.until(PATIENCE, () -> !Files.exists(machine.files().resolve("opt/sluice-versions"))))
                .as(this::removal)
                .isTrue();
        assertThat(Poll.until(PATIENCE, () -> mounts().equals(mountsBefore)))
                .as(() -> mountsBefore + " " + removal())
                .isTrue();
        assertThat(TreeDigest.of(machine.files().resolve("etc")).differencesTo(etcBefore).stream()
                        .filter(difference -> !difference.isMtime()))
                .isEmpty();
        for (String path : List.of("opt/sluice", "run/sluice", "etc/sluice")) {
            assertThat(machine.files().resolve(path)).doesNotExist();
        }
        assertThat(machine.files().resolve("var/lib/sluice")).isEmptyDirectory();
        assertThat(machine.run("ctr", "plugins", "ls").stdout()).doesNotContain("sluice");
        assertThat(machine.run("systemctl", "list-units", "--all", "sluice*").stdout())
                .doesNotContain("sluice.service");
        assertThat(machine.run("sh", "-c", "cat /proc/[0-9]*/environ 2> /dev/null || true")
                        .stdout())
                .doesNotContain("SLUICE_KEEPER");
    }

    /** A pod like any other starts from the same image, pulled by containerd alone. */
    @Test
    @Order(7)
    void afterwardsContainerdPullsAgain() throws IOException {
        Reading reading = read("first");
        reading.assertRight();
        assertThat(snapshotter("first")).isEqualTo("overlayfs");
    }

    /**
     * As on a host without systemd: the daemon runs in the pod, and containerd was configured by somebody. This containerd has one snapshotter
     * for all pods, so such a pod could not be made again; later ones have one for each runtime class.
     */
    @Test
    @Order(8)
    void aDaemonInThePodMountsForTheHost() throws IOException {
        cluster.kubectl("delete", "pods", "--all", "--namespace=default").run();
        Path config = machine.files().resolve("etc/containerd/config.toml");
        Files.writeString(config, Files.readString(config) + """
                [plugins."io.containerd.grpc.v1.cri".containerd]
                  snapshotter = "sluice"
                  disable_snapshot_annotations = false
                [proxy_plugins.sluice]
                  type = "snapshot"
                  address = "/run/sluice/sluice.sock"
                """);
        writeInPodOverlay("in-pod", "");
        apply("in-pod");
        // Its own image was pulled for containerd's snapshotter before.
        assertThat(Poll.until(PATIENCE, () -> Files.exists(machine.files().resolve("run/sluice/sluice.sock"))))
                .as(this::state)
                .isTrue();
        machine.run("systemctl", "restart", "containerd.service");
        awaitRollout();

        Reading reading = read("fourth", open.address() + "/app:1");
        reading.awaitSome();
        assertThat(snapshotter("fourth")).isEqualTo("sluice");
        assertThat(machine.run("findmnt", "--list", "--output=TARGET,FSTYPE").stdout())
                .as(this::state)
                .containsPattern("/var/lib/sluice/m/.* erofs");
        reading.assertRight();
    }

    /** The keeper has left the pod, so reads wait for the daemon of the next one. */
    @Test
    @Order(9)
    void aPodReadsOnWhenTheDaemonsPodIsReplaced() throws IOException {
        Reading reading = read("fifth", open.address() + "/app:1");
        reading.awaitSome();
        String pod = agent();
        // As if only this pod had asked for Sluice: the next one of the daemon is to be made by containerd's own
        // snapshotter.
        Path config = machine.files().resolve("etc/containerd/config.toml");
        Files.writeString(config, Files.readString(config).replace("  snapshotter = \"sluice\"\n", ""));
        machine.run("systemctl", "restart", "containerd.service");

        cluster.kubectl("delete", "pod", pod, "--namespace=sluice-system").run();
        assertThat(reading.log()).as("done too soon").doesNotContain("done");

        assertThat(Poll.until(PATIENCE, () -> !agent().equals(pod) && !agent().isEmpty()))
                .as(this::state)
                .isTrue();
        awaitRollout();
        reading.assertRight();
    }

    /** What removes has a daemon of its own until nobody needs it any more. */
    @Test
    @Order(10)
    void removalOfADaemonInThePodLeavesNothingOnTheNode() throws IOException {
        writeInPodOverlay("in-pod-remove", "components: [" + manifests("in-pod-remove") + "/remove/in-pod]");
        apply("in-pod-remove");
        assertThat(Poll.until(
                        PATIENCE,
                        () -> node.log("sluice-system", "sluice-*", "release").contains("pod default/fifth")))
                .as(this::state)
                .isTrue();
        assertThat(machine.files().resolve("var/lib/sluice/layers")).isNotEmptyDirectory();
        cluster.kubectl("delete", "pods", "--all", "--namespace=default").run();

        awaitRollout();
        assertThat(ready()).isEmpty();
        assertThat(taints()).doesNotContain("dev.sluice");
        cluster.kubectl("delete", "--kustomize", overlay("in-pod-remove").toString())
                .run();
        assertThat(Poll.until(PATIENCE, () -> mounts().equals(mountsBefore)))
                .as(() -> mountsBefore + " " + state())
                .isTrue();
        assertThat(machine.files().resolve("var/lib/sluice")).isEmptyDirectory();
        assertThat(machine.run("ls", "-A", "/run/sluice").stdout()).isEmpty();
        assertThat(machine.run("sh", "-c", "cat /proc/[0-9]*/environ 2> /dev/null || true")
                        .stdout())
                .doesNotContain("SLUICE_KEEPER");
    }

    private Path manifests(String kind) throws IOException {
        return overlay(kind).toRealPath().relativize(MANIFESTS.toRealPath());
    }

    private void writeInPodOverlay(String kind, String components) throws IOException {
        Path overlay = overlay(kind);
        Path install = overlay("install");
        String text = Files.readString(install.resolve("kustomization.yaml"));
        text = text.replaceAll("/base\\]", "/overlays/in-pod]").replaceAll("components: .*", components);
        // There the gate is not the only container.
        text = text.substring(0, text.indexOf("patches:")) + """
                patches:
                - target: {kind: DaemonSet, name: sluice}
                  patch: |-
                    apiVersion: apps/v1
                    kind: DaemonSet
                    metadata: {name: sluice}
                    spec:
                      template:
                        spec:
                          containers:
                          - name: gate
                            env:
                            - {name: KUBERNETES_SERVICE_HOST, value: 127.0.0.1}
                            - {name: KUBERNETES_SERVICE_PORT, value: "%d"}
                """.formatted(cluster.port());
        Files.writeString(overlay.resolve("kustomization.yaml"), text);
        Files.writeString(overlay.resolve("config.toml"), """
                admin = "/run/sluice/admin.sock"
                keeper = "process"
                prepare_timeout = "5m"
                background_rate = "0B"
                prefetch = false
                fill = { read_ahead_max = "0B" }
                """);
    }

    private String removal() {
        try {
            return machine.journal("sluice-remove.service") + state();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private String ready() throws IOException {
        return cluster.kubectl("get", "node", NODE, "--output=jsonpath={.metadata.labels.dev\\.sluice/ready}")
                .run()
                .stdout();
    }

    private String agent() throws IOException {
        return cluster.kubectl(
                        "get", "pods", "--namespace=sluice-system", "--output=jsonpath={.items[0].metadata.name}")
                .runForResult()
                .stdout();
    }

    private String mainProcess(String unit) throws IOException {
        return machine.run("systemctl", "show", "--property=MainPID", "--value", unit)
                .stdout()
                .strip();
    }

    private String snapshotter(String pod) throws IOException {
        Command get =
                cluster.kubectl("get", "pod", pod, "--output=jsonpath={.status.containerStatuses[0].containerID}");
        assertThat(Poll.until(PATIENCE, () -> !get.run().stdout().isEmpty())).isTrue();
        String id = get.run().stdout().replace("containerd://", "");
        return machine.run("ctr", "--namespace=k8s.io", "containers", "info", id)
                .stdout()
                .replaceAll("(?s).*\"Snapshotter\": \"([^\"]*)\".*", "$1");
    }

    /** Runs a pod that reads all files of a directory, and then stays. The programs are the host's. */
    private Reading read(String directory) throws IOException {
        return read(directory, link.address() + "/private/app:1");
    }

    private Reading read(String directory, String image) throws IOException {
        cluster.apply("""
                apiVersion: v1
                kind: Pod
                metadata: {name: %1$s, namespace: default}
                spec:
                  hostNetwork: true
                  imagePullSecrets: [{name: puller}]
                  terminationGracePeriodSeconds: 1
                  containers:
                  - name: reader
                    image: %2$s
                    command: [/usr/bin/bash, -c, "for file in /%1$s/*; do sha256sum $file; sleep 1; done; echo done; exec sleep infinity"]
                    volumeMounts: [{name: usr, mountPath: /usr, readOnly: true}]
                  volumes: [{name: usr, hostPath: {path: /usr}}]
                """.formatted(directory, image));
        return new Reading(directory);
    }

    /** What a pod says about the files that it reads. */
    private final class Reading {
        private final String directory;

        Reading(String directory) {
            this.directory = directory;
        }

        private String log() throws IOException {
            return node.log("default", directory, "reader");
        }

        /** Some have been read, and others have not. */
        void awaitSome() throws IOException {
            assertThat(Poll.until(PATIENCE, () -> log().lines().count() >= 1))
                    .as(KubernetesIT.this::state)
                    .isTrue();
            assertThat(log()).as("done too soon").doesNotContain("done");
        }

        void assertRight() throws IOException {
            assertThat(Poll.until(PATIENCE, () -> log().contains("done")))
                    .as(KubernetesIT.this::state)
                    .isTrue();
            Map<String, String> read = new TreeMap<>();
            log().lines()
                    .filter(line -> line.contains("/"))
                    .forEach(line -> read.put(line.substring(line.indexOf('/')), line.substring(0, line.indexOf(' '))));
            Map<String, String> expected = new TreeMap<>(digests);
            expected.keySet().removeIf(path -> !path.startsWith("/" + directory + "/"));
            assertThat(read).isEqualTo(expected);
        }
    }

    private void awaitRollout() throws IOException {
        Command rollout =
                cluster.kubectl("rollout", "status", "daemonset/sluice", "--namespace=sluice-system", "--timeout=10s");
        assertThat(Poll.until(PATIENCE, () -> rollout.runForResult().exitCode() == 0))
                .as(this::state)
                .isTrue();
    }

    private String taints() throws IOException {
        return cluster.kubectl("get", "node", NODE, "--output=jsonpath={.spec.taints}")
                .run()
                .stdout();
    }

    /** What happens in the cluster, for people. */
    private String state() {
        try {
            return cluster.kubectl("describe", "pods", "--all-namespaces").run().stdout()
                    + node.log("sluice-system", "sluice-*", "*")
                    + machine.journal(UNIT);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private List<String> mounts() throws IOException {
        return machine.run("findmnt", "--noheadings", "--list", "--output=TARGET,FSTYPE")
                .stdout()
                .lines()
                .filter(line -> !line.contains("/kubelet/pods/") && !line.startsWith("/run/containerd/"))
                .sorted()
                .toList();
    }
}
