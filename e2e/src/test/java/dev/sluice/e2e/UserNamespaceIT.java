package dev.sluice.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.e2e.host.Command;
import dev.sluice.e2e.host.TestBed;
import dev.sluice.e2e.image.DebianImage;
import dev.sluice.e2e.image.Estargz;
import dev.sluice.e2e.image.ImagePublisher;
import dev.sluice.e2e.image.RemoteManifest;
import dev.sluice.e2e.registry.AccessLog;
import dev.sluice.e2e.registry.RegistryProcess;
import dev.sluice.e2e.runtime.ContainerdBinaries;
import dev.sluice.e2e.runtime.ContainerdClient;
import dev.sluice.e2e.runtime.SluiceNode;
import dev.sluice.e2e.runtime.SluiceProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A container with a user namespace of its own sees the files of lazy layers as its own users'. */
class UserNamespaceIT {
    private static final int UID = 100_000;
    private static final int GID = 200_000;
    private static final List<String> USER_NAMESPACE =
            List.of("--uidmap", "0:" + UID + ":65536", "--gidmap", "0:" + GID + ":65536");
    private static final List<String> SHIFTED_BY_SLUICE =
            Stream.concat(USER_NAMESPACE.stream(), Stream.of("--remap-labels")).toList();

    /** Says who owns what, as the container sees it, and changes a file of a layer. */
    private static final String LOOK = """
            stat -c '%n %u:%g %a' / /usr/bin/python3 /etc/gshadow /usr/bin/su /usr/bin/chage
            python3 -c 'import json; print(json.dumps("it runs"))'
            echo new > /new && echo more >> /etc/passwd && stat -c '%n %u:%g' /new /etc/passwd
            """;

    private final TestBed bed = Machine.newTestBed();

    UserNamespaceIT() throws IOException {}

    @BeforeAll
    static void needs() {
        Machine.assumeRoot();
        Machine.assumePrograms("docker-registry", "skopeo", "umoci", "mmdebstrap", "ctr-remote", "runc");
    }

    @AfterEach
    void stop() throws IOException {
        bed.close();
    }

    @Test
    void nothingIsCopiedForIt() throws IOException {
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        ContainerdClient client = start(Machine.newestContainerd(), registry);
        AccessLog before = registry.accessLog();
        client.pull(reference, SluiceProcess.NAME);

        assertSeesItsOwnFiles(client, reference);

        assertThat(registry.accessLog().since(before).bytes())
                .isLessThan(RemoteManifest.fetch(reference).layerBytes() / 2);
    }

    @Test
    void ordinaryLayersMayLieBetweenLazyOnes() throws IOException {
        Path layout = bed.directory().resolve("layout");
        Path cached = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        Command.of("cp", "-a", cached.toString(), layout.toString()).run();
        Path file = Files.writeString(bed.directory().resolve("file"), "of an ordinary layer");
        Command.of("umoci", "insert", "--image", layout + ":" + DebianImage.TAG, file.toString(), "/etc/ordinary")
                .run();
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        ContainerdClient client = start(Machine.newestContainerd(), registry);
        client.pull(reference, SluiceProcess.NAME);

        String owner = run(
                client,
                SHIFTED_BY_SLUICE,
                reference,
                "stat -c '%n %u:%g' /etc/ordinary /usr/bin/python3; cat /etc/ordinary");

        assertThat(owner).isEqualTo("/etc/ordinary 0:0\n/usr/bin/python3 0:0\nof an ordinary layer");
        assertSeesItsOwnFiles(client, reference);
    }

    /** It cannot shift owners in mounts; its client copies the whole image, for each range of users once. */
    @Test
    void theInstalledContainerdMakesAShiftedCopyByItself() throws IOException {
        Path layout = Estargz.build(TestImages.PYTHON, bed.directory("i"));
        RegistryProcess registry = bed.add(RegistryProcess.start(bed.directory("r")));
        String reference = registry.address() + "/python:latest";
        ImagePublisher.push(layout, DebianImage.TAG, reference);
        ContainerdClient client = start(Machine.installedContainerd(), registry);
        client.pullLazily(reference, SluiceProcess.NAME);

        String owners = run(client, USER_NAMESPACE, reference, "stat -c '%n %u:%g %a' /usr/bin/python3 /etc/gshadow");

        assertThat(owners).isEqualTo("/usr/bin/python3 0:0 777\n/etc/gshadow 0:42 640\n");
    }

    private void assertSeesItsOwnFiles(ContainerdClient client, String reference) throws IOException {
        assertThat(run(client, SHIFTED_BY_SLUICE, reference, LOOK).lines())
                .containsExactly(
                        "/ 0:0 755",
                        "/usr/bin/python3 0:0 777",
                        "/etc/gshadow 0:42 640",
                        "/usr/bin/su 0:0 4755",
                        "/usr/bin/chage 0:42 2755",
                        "\"it runs\"",
                        "/new 0:0",
                        "/etc/passwd 0:0");
        client.command("run", "--detach", "--snapshotter", SluiceProcess.NAME)
                .withArguments(SHIFTED_BY_SLUICE)
                .withArguments(List.of(reference, "stay", "sh", "-c", "echo > /new; exec sleep infinity"))
                .run();
        Path seenByTheHost = Path.of("/proc", pid(client, "stay"), "root");
        await().atMost(Duration.ofMinutes(2)).until(() -> Files.exists(seenByTheHost.resolve("new")));
        assertThat(owner(seenByTheHost.resolve("new"))).isEqualTo(UID + ":" + GID);
        assertThat(owner(seenByTheHost.resolve("etc/gshadow"))).isEqualTo(UID + ":" + (GID + 42));
    }

    private static String run(ContainerdClient client, List<String> userNamespace, String reference, String script)
            throws IOException {
        return client.command("run", "--rm", "--snapshotter", SluiceProcess.NAME)
                .withArguments(userNamespace)
                .withArguments(List.of(reference, "look", "sh", "-c", script))
                .run()
                .stdout();
    }

    private static String pid(ContainerdClient client, String id) throws IOException {
        String tasks = client.command("tasks", "ls").run().stdout();
        Matcher line = Pattern.compile("(?m)^" + id + "\\s+([0-9]+)\\s").matcher(tasks);
        assertThat(line.find()).as(tasks).isTrue();
        return line.group(1);
    }

    private static String owner(Path path) throws IOException {
        return Files.getAttribute(path, "unix:uid") + ":" + Files.getAttribute(path, "unix:gid");
    }

    /** The container's root, who is nobody special on the host, has to get to its directory. */
    private ContainerdClient start(ContainerdBinaries binaries, RegistryProcess registry) throws IOException {
        Files.setPosixFilePermissions(bed.directory(), PosixFilePermissions.fromString("rwx--x--x"));
        return SluiceNode.start(bed, binaries, Machine.distribution(), "auto", List.of(registry.address()))
                .client();
    }
}
