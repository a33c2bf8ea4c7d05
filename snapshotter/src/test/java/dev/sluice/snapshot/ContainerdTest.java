package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.snapshots.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a real containerd makes of the snapshots service. */
class ContainerdTest {
    private static final String IMAGE = "example.test/image:1";

    @TempDir
    Path directory;

    private final List<AutoCloseable> running = new ArrayList<>();
    private Path base = Path.of("/");
    private Path change = Path.of("/");

    @BeforeEach
    void requireTools() throws Exception {
        for (String program : List.of("containerd", "ctr", "runc", "ldd", "tar")) {
            assumeTrue(Programs.has(program), program + " is not installed");
        }
        assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "containers need root");
        base = Files.createDirectories(directory.resolve("contents/base"));
        install(base, List.of("/bin/sh", "/bin/cat", "/bin/ls", "/bin/rm"));
        Files.createDirectories(base.resolve("etc"));
        Files.writeString(base.resolve("etc/old"), "old");
        Files.writeString(base.resolve("etc/base"), "base");
        change = directory.resolve("contents/change");
        Files.createDirectories(change.resolve("etc"));
        Files.writeString(change.resolve("etc/.wh.old"), "");
        Files.writeString(change.resolve("etc/new"), "new");
    }

    @AfterEach
    void stop() throws Exception {
        for (int i = running.size() - 1; i >= 0; i--) {
            running.get(i).close();
        }
    }

    private <T extends AutoCloseable> T start(T service) {
        running.add(service);
        return service;
    }

    /** Copies programs of this machine and the libraries they need. */
    private static void install(Path root, List<String> programs) throws IOException, InterruptedException {
        List<String> files = new ArrayList<>(programs);
        for (String program : programs) {
            for (String word : Programs.run("ldd", program).split("\\s+", -1)) {
                if (word.startsWith("/") && !files.contains(word)) {
                    files.add(word);
                }
            }
        }
        for (String file : files) {
            Path target = root.resolve(file.substring(1));
            Files.createDirectories(target.getParent());
            Files.copy(Path.of(file).toRealPath(), target);
        }
    }

    @Test
    void anImageIsUnpackedRunAndRemoved() throws Exception {
        SnapshotHarness service = start(new SnapshotHarness(directory));
        Containerd containerd = start(new Containerd(directory.resolve("containerd"), service.socket()));
        OciArchive archive = OciArchive.write(directory.resolve("image"), IMAGE, List.of(base, change));

        containerd.ctr(
                "images", "import", "--snapshotter", "sluice", archive.file().toString());

        assertThat(service.list()).hasSize(2).extracting(Info::getKind).containsOnly(Kind.COMMITTED);
        assertThat(containerd.ctr("snapshots", "--snapshotter", "sluice", "ls")).contains(archive.chainIds());
        assertThat(containerd.ctr("snapshots", "--snapshotter", "sluice", "usage"))
                .contains(archive.chainIds().get(1));
        assertThat(containerd.shell(IMAGE, "c1", "cat /etc/base /etc/new; ls /etc; rm /etc/base; echo x > /x"))
                .isEqualTo("basenewbase\nnew\n");
        assertThat(containerd.shell(IMAGE, "c2", "cat /etc/base"))
                .as("containers share nothing")
                .isEqualTo("base");

        containerd.ctr("images", "rm", "--sync", IMAGE);

        await().atMost(Duration.ofMinutes(1)).until(() -> service.list().isEmpty());
        await().atMost(Duration.ofMinutes(1)).until(() -> {
            try (Stream<Path> left = Files.list(service.root().resolve("snapshots"))) {
                return left.findAny().isEmpty();
            }
        });
    }

    @Test
    void aContainerGoesOnWhenTheServiceRestarts() throws Exception {
        SnapshotHarness service = new SnapshotHarness(directory);
        Containerd containerd;
        try {
            containerd = start(new Containerd(directory.resolve("containerd"), service.socket()));
            OciArchive archive = OciArchive.write(directory.resolve("image"), IMAGE, List.of(base, change));
            containerd.ctr(
                    "images",
                    "import",
                    "--snapshotter",
                    "sluice",
                    archive.file().toString());
            containerd.ctr(
                    "snapshots",
                    "--snapshotter",
                    "sluice",
                    "prepare",
                    "mine",
                    archive.chainIds().get(1));
        } finally {
            service.close();
        }
        start(new SnapshotHarness(directory));

        // The first calls on the broken connection may fail; containerd connects anew by itself.
        await().atMost(Duration.ofMinutes(1))
                .untilAsserted(() -> assertThat(containerd.ctr("snapshots", "--snapshotter", "sluice", "ls"))
                        .contains("mine"));
        containerd.ctr("snapshots", "--snapshotter", "sluice", "commit", "ours", "mine");
        assertThat(containerd.shell(IMAGE, "c1", "cat /etc/new")).isEqualTo("new");
    }

    @Test
    void aLazyImageRunsWithoutItsLayers() throws Exception {
        assumeTrue(Programs.has("ctr-remote"), "ctr-remote is not installed");
        assumeTrue(Programs.has("docker-registry"), "docker-registry is not installed");
        assumeTrue(Programs.has("skopeo"), "skopeo is not installed");
        SnapshotHarness service = start(new SnapshotHarness(directory));
        Containerd containerd = start(new Containerd(directory.resolve("containerd"), service.socket()));
        OciArchive archive = OciArchive.write(directory.resolve("image"), IMAGE, List.of(base, change));
        int port = startRegistry();
        String reference = "127.0.0.1:" + port + "/image:1";
        Programs.run(
                "skopeo", "copy", "--dest-tls-verify=false", "oci-archive:" + archive.file(), "docker://" + reference);
        LayerKey baseKey = new LayerKey("base");
        LayerKey changeKey = new LayerKey("change");
        service.layers().add(archive.chainIds().get(0), baseKey, "marker");
        Programs.run(
                "cp", "-a", base + "/.", service.layers().directory(baseKey).toString());
        service.layers().add(archive.chainIds().get(1), changeKey, "etc-new");

        containerd.ctrRemote("images", "rpull", "--plain-http", "--snapshotter", "sluice", reference);

        assertThat(service.layers().requests()).hasSize(2).allSatisfy(request -> {
            assertThat(request.labels()).containsEntry("containerd.io/snapshot.ref", request.chainId());
            assertThat(request.namespace()).isEqualTo("default");
        });
        assertThat(service.layers().references(baseKey)).isEqualTo(1);
        assertThat(containerd.ctr("content", "ls", "-q").lines())
                .as("manifest and configuration only")
                .hasSize(2);
        assertThat(containerd.shell(reference, "c1", "cat /marker /etc-new")).isEqualTo("markeretc-new");

        containerd.ctr("images", "rm", "--sync", reference);
        await().atMost(Duration.ofMinutes(1))
                .until(() -> service.layers().references().isEmpty());
        assertThat(service.layers().cleanups()).isPositive();
    }

    private int startRegistry() throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        Path config = directory.resolve("registry.yml");
        Files.writeString(config, """
                version: 0.1
                storage:
                  filesystem:
                    rootdirectory: %s
                http:
                  addr: 127.0.0.1:%d
                """.formatted(directory.resolve("registry"), port));
        Process registry = new ProcessBuilder("docker-registry", "serve", config.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("registry.log").toFile())
                .start();
        running.add(() -> registry.destroyForcibly().waitFor());
        await().atMost(Duration.ofMinutes(1)).ignoreExceptions().until(() -> {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            }
        });
        return port;
    }
}
