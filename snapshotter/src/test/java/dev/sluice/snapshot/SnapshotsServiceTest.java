package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.FieldMask;
import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Request;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.snapshots.Kind;
import dev.sluice.proto.containerd.snapshots.UpdateSnapshotRequest;
import dev.sluice.proto.containerd.types.Mount;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The contract with containerd, over a real socket. */
class SnapshotsServiceTest {
    private static final String CHAIN_A = "sha256:" + "a".repeat(64);
    private static final String CHAIN_B = "sha256:" + "b".repeat(64);
    private static final String REFERENCE = "containerd.io/snapshot.ref";
    private static final String UID_MAPPING = "containerd.io/snapshot/uidmapping";
    private static final String GID_MAPPING = "containerd.io/snapshot/gidmapping";
    private static final Map<String, String> SHIFTED =
            Map.of(UID_MAPPING, "0:100000:65536", GID_MAPPING, "0:200000:65536");
    private static final LayerKey KEY_A = new LayerKey("a-1");
    private static final LayerKey KEY_B = new LayerKey("b-1");

    @TempDir
    Path directory;

    private SnapshotHarness service;

    @BeforeEach
    void start() throws IOException {
        service = new SnapshotHarness(directory);
    }

    @AfterEach
    void stop() throws Exception {
        service.close();
    }

    private void restart() throws Exception {
        service.close();
        service = new SnapshotHarness(directory);
    }

    private static void fails(Code code, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
    }

    private void layer(String name, String parent, String file) throws IOException {
        Path upper = SnapshotHarness.upper(service.prepare("making " + name, parent));
        Files.writeString(upper.resolve(file), file);
        service.commit(name, "making " + name);
    }

    private String prepareLazily(String chainId, String parent) {
        return prepareLazily("default", chainId, parent);
    }

    /** Prepares a layer that is lazy, and finds it as containerd does. */
    private String prepareLazily(String namespace, String chainId, String parent) {
        fails(
                Code.ALREADY_EXISTS,
                () -> service.prepare(namespace, "extract " + chainId, parent, Map.of(REFERENCE, chainId)));
        Info found = service.listOf(namespace, "labels.\"%s\"==%s,parent==\"%s\"".formatted(REFERENCE, chainId, parent))
                .get(0);
        assertThat(found.getKind()).isEqualTo(Kind.COMMITTED);
        return found.getName();
    }

    @Test
    void theFirstLayerIsABindMountOfItsOwnDirectory() throws Exception {
        List<Mount> mounts = service.prepare("a", "");

        assertThat(mounts).singleElement().satisfies(mount -> {
            assertThat(mount.getType()).isEqualTo("bind");
            assertThat(mount.getOptionsList()).containsExactly("rw", "rbind");
        });
        assertThat(service.mounts("a")).isEqualTo(mounts);
        try (Mounted mounted = Mounted.at(directory.resolve("mnt"), mounts)) {
            Files.writeString(mounted.path().resolve("file"), "x");
        }
        assertThat(SnapshotHarness.upper(mounts).resolve("file")).hasContent("x");
    }

    @Test
    void layersAreSeenOneOverTheOther() throws Exception {
        layer("one", "", "first");
        layer("two", "one", "second");

        try (Mounted mounted = Mounted.at(directory.resolve("mnt"), service.prepare("container", "two"))) {
            assertThat(mounted.path().resolve("first")).hasContent("first");
            assertThat(mounted.path().resolve("second")).hasContent("second");
            Files.delete(mounted.path().resolve("first"));
            assertThat(mounted.path().resolve("first")).doesNotExist();
        }
        try (Mounted mounted = Mounted.at(directory.resolve("mnt"), service.view("view", "two"))) {
            assertThat(mounted.path().resolve("first")).hasContent("first");
            assertThatThrownBy(() -> Files.writeString(mounted.path().resolve("x"), "x"))
                    .hasMessageContaining("Read-only file system");
        }
    }

    @Test
    void aViewOfOneLayerIsAReadOnlyBindMountOfIt() throws Exception {
        layer("one", "", "first");

        assertThat(service.view("view", "one")).singleElement().satisfies(mount -> {
            assertThat(mount.getType()).isEqualTo("bind");
            assertThat(mount.getOptionsList()).containsExactly("ro", "rbind");
            assertThat(Path.of(mount.getSource()).resolve("first")).exists();
        });
        assertThat(service.view("nothing", "")).singleElement().satisfies(mount -> {
            assertThat(mount.getOptionsList()).containsExactly("ro", "rbind");
            assertThat(Path.of(mount.getSource())).isEmptyDirectory();
        });
    }

    @Test
    void theRootOfAWritableLayerLooksLikeThatOfItsParent() throws Exception {
        Path upper = SnapshotHarness.upper(service.prepare("active", ""));
        Files.setAttribute(upper, "unix:uid", 1000);
        Files.setAttribute(upper, "unix:gid", 1001);
        Files.setAttribute(upper, "unix:mode", 03750);
        service.commit("one", "active");

        Path child = SnapshotHarness.upper(service.prepare("child", "one"));

        assertThat(Files.readAttributes(child, "unix:uid,gid"))
                .containsEntry("uid", 1000)
                .containsEntry("gid", 1001);
        assertThat((int) Files.getAttribute(child, "unix:mode") & 07777).isEqualTo(03750);
        assertThat((int) Files.getAttribute(SnapshotHarness.upper(service.prepare("base", "")), "unix:mode") & 07777)
                .isEqualTo(0755);
    }

    @Test
    void aCommittedSnapshotTakesItsNameItsLabelsAndItsUsage() throws Exception {
        Path upper = SnapshotHarness.upper(service.prepare("key", "", Map.of("old", "label")));
        Files.write(upper.resolve("file"), new byte[100_000]);
        Files.createLink(upper.resolve("link"), upper.resolve("file"));
        service.commit("name", "key", Map.of("new", "label"));

        fails(Code.NOT_FOUND, () -> service.stat("key"));
        Info info = service.stat("name");
        assertThat(info.getKind()).isEqualTo(Kind.COMMITTED);
        assertThat(info.getLabelsMap()).isEqualTo(Map.of("new", "label"));
        assertThat(service.usage("name").getInodes()).isEqualTo(2);
        assertThat(service.usage("name").getSize()).isBetween(100_000L, 120_000L);
        fails(Code.FAILED_PRECONDITION, () -> service.mounts("name"));

        service.prepare("child", "name");
        assertThat(service.usage("child").getInodes()).isEqualTo(1);
    }

    @Test
    void requestsThatBreakTheRulesGetTheCodesThatContainerdKnows() throws Exception {
        layer("one", "", "first");
        service.prepare("active", "one");

        fails(Code.ALREADY_EXISTS, () -> service.prepare("active", ""));
        fails(Code.ALREADY_EXISTS, () -> service.view("one", ""));
        fails(Code.NOT_FOUND, () -> service.prepare("x", "missing"));
        fails(Code.INVALID_ARGUMENT, () -> service.prepare("x", "active"));
        fails(Code.INVALID_ARGUMENT, () -> service.prepare("", ""));
        fails(Code.NOT_FOUND, () -> service.mounts("missing"));
        fails(Code.NOT_FOUND, () -> service.usage("missing"));
        fails(Code.NOT_FOUND, () -> service.commit("x", "missing"));
        fails(Code.ALREADY_EXISTS, () -> service.commit("one", "active"));
        fails(Code.FAILED_PRECONDITION, () -> service.commit("x", "one"));
        fails(Code.NOT_FOUND, () -> service.prepare("active", "missing"));
        fails(Code.ALREADY_EXISTS, () -> service.commit("one", "one"));
        fails(Code.NOT_FOUND, () -> service.remove("missing"));
        fails(Code.FAILED_PRECONDITION, () -> service.remove("one"));
        fails(Code.INVALID_ARGUMENT, () -> service.list("name="));
    }

    @Test
    void aClientThatLeavesItToUsToShiftOwnersGetsShiftedLowersAndItsOwnUpper() throws Exception {
        layer("one", "", "first");

        List<Mount> mounts = service.prepare("container", "one", SHIFTED);

        assertThat(mounts)
                .singleElement()
                .satisfies(mount -> assertThat(mount.getOptionsList())
                        .startsWith("uidmap=0:100000:65536", "gidmap=0:200000:65536"));
        assertThat(service.mounts("container")).isEqualTo(mounts);
        Path upper = SnapshotHarness.upper(mounts);
        assertThat(Files.getAttribute(upper, "unix:uid")).isEqualTo(100_000);
        assertThat(Files.getAttribute(upper, "unix:gid")).isEqualTo(200_000);
        assertThat((int) Files.getAttribute(upper, "unix:mode") & 07777).isEqualTo(0755);
        fails(Code.INVALID_ARGUMENT, () -> service.prepare("x", "one", Map.of(UID_MAPPING, "0:100000:65536")));
        fails(
                Code.INVALID_ARGUMENT,
                () -> service.prepare("x", "one", Map.of(UID_MAPPING, "all", GID_MAPPING, "0:1:1")));
    }

    @Test
    void aClientThatHasShiftedOwnersItselfIsNotShiftedOnceMore() throws Exception {
        Path below = SnapshotHarness.upper(service.prepare("making one", ""));
        Files.setAttribute(below, "unix:uid", 100_000);
        Files.setAttribute(below, "unix:gid", 200_000);
        service.commit("one", "making one");

        List<Mount> mounts = service.prepare("container", "one", SHIFTED);

        assertThat(mounts)
                .singleElement()
                .satisfies(mount -> assertThat(mount.getOptionsList()).noneMatch(option -> option.contains("idmap=")));
        assertThat(Files.getAttribute(SnapshotHarness.upper(mounts), "unix:uid"))
                .isEqualTo(100_000);
        assertThat(service.mounts("container")).isEqualTo(mounts);
    }

    @Test
    void withNothingBelowThereIsNothingToShift() throws Exception {
        List<Mount> mounts = service.prepare("container", "", SHIFTED);

        assertThat(mounts)
                .singleElement()
                .satisfies(mount -> assertThat(mount.getOptionsList()).containsExactly("rw", "rbind"));
        assertThat(Files.getAttribute(SnapshotHarness.upper(mounts), "unix:gid"))
                .isEqualTo(200_000);
    }

    @Test
    void whatHasChildrenCannotBeRemoved() throws Exception {
        layer("one", "", "first");
        service.prepare("active", "one");

        assertThatThrownBy(() -> service.remove("one")).hasMessageContaining("cannot remove snapshot with child");
    }

    @Test
    void aDefectOfThisProgramIsAnInternalErrorAndTheServiceGoesOn() throws Exception {
        service.layers().add(CHAIN_A, DirectoryLayers.DEFECT, "lazy");
        String name = prepareLazily(CHAIN_A, "");

        fails(Code.INTERNAL, () -> service.usage(name));

        assertThat(service.stat(name).getName()).isEqualTo(name);
    }

    @Test
    void removedDirectoriesAreDeletedByCleanup() throws Exception {
        layer("one", "", "first");
        Path upper = SnapshotHarness.upper(service.prepare("active", "one"));
        Files.createDirectories(upper.resolve("some/where"));
        Files.createSymbolicLink(upper.resolve("some/link"), service.root());
        service.remove("active");
        assertThat(upper).exists();

        service.cleanup();

        assertThat(upper.getParent()).doesNotExist();
        assertThat(service.root().resolve("snapshots")).isDirectoryContaining("glob:**");
        assertThat(service.layers().cleanups()).isEqualTo(1);
    }

    @Test
    void labelsAreReplacedAsAWholeOrOneByOne() {
        service.prepare("a", "", Map.of("keep", "1", "change", "1"));
        Info some = Info.newBuilder()
                .setName("a")
                .putLabels("change", "2")
                .putLabels("other", "2")
                .build();

        Info one = service.client()
                .update(UpdateSnapshotRequest.newBuilder()
                        .setInfo(some)
                        .setUpdateMask(FieldMask.newBuilder().addPaths("labels.change"))
                        .build())
                .getInfo();
        assertThat(one.getLabelsMap()).isEqualTo(Map.of("keep", "1", "change", "2"));
        assertThat(service.stat("a")).isEqualTo(one);

        Info all = service.client()
                .update(UpdateSnapshotRequest.newBuilder().setInfo(some).build())
                .getInfo();
        assertThat(all.getLabelsMap()).isEqualTo(Map.of("change", "2", "other", "2"));
        assertThat(all.getCreatedAt()).isEqualTo(one.getCreatedAt());

        fails(
                Code.INVALID_ARGUMENT,
                () -> service.client()
                        .update(UpdateSnapshotRequest.newBuilder()
                                .setInfo(some)
                                .setUpdateMask(FieldMask.newBuilder().addPaths("parent"))
                                .build()));
    }

    @Test
    void aLabelWithoutAValueIsNone() {
        service.prepare("a", "", Map.of("keep", "1", "drop", "1", "empty", ""));
        assertThat(service.stat("a").getLabelsMap()).isEqualTo(Map.of("keep", "1", "drop", "1"));

        Info updated = service.client()
                .update(UpdateSnapshotRequest.newBuilder()
                        .setInfo(Info.newBuilder().setName("a"))
                        .setUpdateMask(FieldMask.newBuilder().addPaths("labels.drop"))
                        .build())
                .getInfo();

        assertThat(updated.getLabelsMap()).isEqualTo(Map.of("keep", "1"));
        assertThat(service.stat("a")).isEqualTo(updated);
        assertThat(service.list("labels.drop")).isEmpty();
    }

    @Test
    void aListIsSentInBatchesAndFiltered() throws Exception {
        layer("base", "", "x");
        IntStream.range(0, 250).forEach(i -> service.view("view-" + i, "base"));

        assertThat(service.list()).hasSize(251);
        assertThat(service.list("kind==committed")).extracting(Info::getName).containsExactly("base");
        assertThat(service.list("name~=/-24[0-9]$/", "parent==\"\"")).hasSize(11);
    }

    @Test
    void aLazyLayerIsCommittedAndReported() throws Exception {
        Path lazy = service.layers().add(CHAIN_A, KEY_A, "lazy");

        String name = prepareLazily(CHAIN_A, "");

        assertThat(service.stat(name).getLabelsMap()).isEqualTo(Map.of(REFERENCE, CHAIN_A));
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
        assertThat(service.usage(name).getSize()).isEqualTo(4096);
        assertThat(service.view("view", name)).singleElement().satisfies(mount -> {
            assertThat(mount.getSource()).isEqualTo(lazy.toString());
            assertThat(mount.getOptionsList()).containsExactly("ro", "rbind");
        });
        try (Mounted mounted = Mounted.at(directory.resolve("mnt"), service.prepare("container", name))) {
            assertThat(mounted.path().resolve("lazy")).hasContent("lazy");
        }
    }

    @Test
    void aLazyLayerKnowsTheDirectoriesBelowIt() throws Exception {
        layer("one", "", "first");
        Path lazy = service.layers().add(CHAIN_A, KEY_A, "lazy");
        service.layers().add(CHAIN_B, KEY_B, "lazier");

        String a = prepareLazily(CHAIN_A, "one");
        prepareLazily(CHAIN_B, a);

        Request last = service.layers().requests().get(1);
        assertThat(last.namespace()).isEqualTo("default");
        assertThat(last.chainId()).isEqualTo(CHAIN_B);
        assertThat(last.lowerDirectories()).hasSize(2).first().isEqualTo(lazy);
    }

    @Test
    void aLayerThatIsNotLazyIsWritable() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String a = prepareLazily(CHAIN_A, "");

        List<Mount> mounts = service.prepare("extract", a, Map.of(REFERENCE, CHAIN_B));

        assertThat(SnapshotHarness.upper(mounts)).isEmptyDirectory();
        service.commit(CHAIN_B, "extract");
        assertThat(service.stat(CHAIN_B).getParent()).isEqualTo(a);
    }

    @Test
    void aReferenceThatIsNoChainIdIsNotAskedFor() {
        service.prepare("extract", "", Map.of(REFERENCE, "../../etc"));

        assertThat(service.layers().requests()).isEmpty();
    }

    @Test
    void aLayerThatRepeatsInAChainIsListedOnceAtItsTopmostPlace() throws Exception {
        Path lazy = service.layers().add(CHAIN_A, KEY_A, "lazy");
        service.layers().add(CHAIN_B, KEY_A, "lazy");
        String bottom = prepareLazily(CHAIN_A, "");
        layer("middle", bottom, "x");
        String top = prepareLazily(CHAIN_B, "middle");

        List<Mount> mounts = service.prepare("container", top);

        assertThat(SnapshotHarness.lowers(mounts.get(0))).hasSize(2).first().isEqualTo(lazy.toString());
        try (Mounted mounted = Mounted.at(directory.resolve("mnt"), mounts)) {
            assertThat(mounted.path().resolve("x")).exists();
        }
    }

    @Test
    void anEqualLazySnapshotIsUsedAgain() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");

        assertThat(prepareLazily(CHAIN_A, "")).isEqualTo(prepareLazily(CHAIN_A, ""));
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
    }

    @Test
    void otherContentsUnderTheSameChainAndParentArePulledAsUsual() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String name = prepareLazily(CHAIN_A, "");
        service.layers().add(CHAIN_A, KEY_B, "forged");

        List<Mount> mounts = service.prepare("elsewhere", "extract", "", Map.of(REFERENCE, CHAIN_A));

        assertThat(SnapshotHarness.upper(mounts)).isEmptyDirectory();
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_A, 1));
        service.remove(name);
        prepareLazily("elsewhere", CHAIN_A, "");
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_B, 1));
    }

    @Test
    void aLazyLayerThatImagesDisagreeOnIsGivenToNobody() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String name = prepareLazily(CHAIN_A, "");
        prepareLazily("elsewhere", CHAIN_A, "");
        service.layers().deny("default", CHAIN_A, "images disagree");

        fails(Code.FAILED_PRECONDITION, () -> service.stat(name));
        fails(Code.FAILED_PRECONDITION, () -> service.prepare("container", name));
        fails(Code.FAILED_PRECONDITION, () -> service.prepare("extract", name, Map.of(REFERENCE, CHAIN_B)));
        assertThatThrownBy(() -> service.view("view", name)).hasMessageContaining("images disagree");

        assertThat(service.list()).as("nothing is made, nothing goes").hasSize(2);
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_A, 2));
        assertThat(service.prepare("elsewhere", "container", name, Map.of())).isNotEmpty();
    }

    @Test
    void aLayerThatImagesDisagreeOnBelowOthersIsGivenToNobody() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        layer("upper", prepareLazily(CHAIN_A, ""), "ordinary");
        service.layers().deny("default", CHAIN_A, "images disagree");

        fails(Code.FAILED_PRECONDITION, () -> service.prepare("container", "upper"));
        assertThat(service.stat("upper").getName()).isEqualTo("upper");
    }

    @Test
    void aLayerThatImagesDisagreeOnFromTheStartIsPulledAsUsual() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        service.layers().deny("default", CHAIN_A, "images disagree");

        List<Mount> mounts = service.prepare("extract", "", Map.of(REFERENCE, CHAIN_A));

        assertThat(SnapshotHarness.upper(mounts)).isEmptyDirectory();
        assertThat(service.layers().references()).isEmpty();
    }

    @Test
    void aContainerGoesOnWhenImagesDisagreeOnItsLayers() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        List<Mount> mounts = service.prepare("container", prepareLazily(CHAIN_A, ""));
        service.layers().deny("default", CHAIN_A, "images disagree");

        assertThat(service.mounts("container")).isEqualTo(mounts);
    }

    @Test
    void eachNamespaceHasAndFindsItsOwnLazySnapshot() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String second = prepareLazily("elsewhere", CHAIN_A, "");
        String first = prepareLazily(CHAIN_A, "");

        assertThat(first).isNotEqualTo(second);
        assertThat(prepareLazily("elsewhere", CHAIN_A, "")).isEqualTo(second);
        assertThat(prepareLazily(CHAIN_A, "")).isEqualTo(first);
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_A, 2));
    }

    @Test
    void whereContainerdDoesNotNameTheNamespaceItIsTakenFromTheKey() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");

        service.prepare("", "k8s.io/12/extract x", "", Map.of(REFERENCE, CHAIN_B));
        service.prepare("", "not of containerd", "", Map.of(REFERENCE, CHAIN_B));
        service.prepare("named", "k8s.io/13/extract x", "", Map.of(REFERENCE, CHAIN_B));

        assertThat(service.layers().requests()).extracting(Request::namespace).containsExactly("k8s.io", "", "named");
    }

    @Test
    void removingALazySnapshotGivesItsLayerBack() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String name = prepareLazily(CHAIN_A, "");
        service.prepare("container", name);

        fails(Code.FAILED_PRECONDITION, () -> service.remove(name));
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
        service.remove("container");
        service.remove(name);

        assertThat(service.layers().references(KEY_A)).isZero();
    }

    @Test
    void concurrentPreparesOfOneLayerAllSucceedAndCountRight() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        ExecutorService clients = Executors.newFixedThreadPool(8);
        try {
            Callable<String> client = () -> prepareLazily(CHAIN_A, "");
            for (Future<String> name : clients.invokeAll(Collections.nCopies(64, client))) {
                assertThat(service.stat(name.get()).getKind()).isEqualTo(Kind.COMMITTED);
            }
        } finally {
            clients.shutdown();
        }
        assertThat(service.layers().references(KEY_A)).isEqualTo(service.list().size());
    }

    @Test
    void everythingIsThereAfterARestart() throws Exception {
        service.layers().add(CHAIN_A, KEY_A, "lazy");
        String lazy = prepareLazily(CHAIN_A, "");
        List<Mount> mounts = service.prepare("container", lazy, Map.of("some", "label"));
        service.view("view", lazy);
        List<Info> before = service.list();

        restart();

        assertThat(service.list()).isEqualTo(before);
        assertThat(service.mounts("container")).isEqualTo(mounts);
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_A, 1));
    }

    @Test
    void directoriesThatNoSnapshotHasAreDeletedAndTheirIdsAreNotUsed() throws Exception {
        Path orphan = service.root().resolve("snapshots/7/fs");
        Files.createDirectories(orphan);
        restart();

        assertThat(SnapshotHarness.upper(service.prepare("a", "")))
                .isEqualTo(service.root().resolve("snapshots/8/fs"));
        service.cleanup();

        assertThat(orphan.getParent()).doesNotExist();
        assertThat(service.root().resolve("snapshots/8/fs")).exists();
    }

    @Test
    void aLayerThatCannotBeMountedIsAnErrorThatMayPass() throws Exception {
        Path lazy = service.layers().add(CHAIN_A, KEY_A, "lazy");
        String name = prepareLazily(CHAIN_A, "");
        Files.delete(lazy.resolve("lazy"));
        Files.delete(lazy);

        fails(Code.UNAVAILABLE, () -> service.prepare("container", name));
        Files.createDirectory(lazy);
        service.prepare("container", name);
    }

    @Test
    void moreLayersThanTheKernelTakesAreRefused() {
        String parent = "";
        for (int i = 0; i <= OverlayMounts.MAX_LOWERS; i++) {
            service.prepare("active", parent);
            parent = "layer-" + i;
            service.commit(parent, "active");
        }
        String top = parent;

        fails(Code.FAILED_PRECONDITION, () -> service.prepare("container", top));
        assertThat(service.root().resolve("snapshots/" + (OverlayMounts.MAX_LOWERS + 2)))
                .doesNotExist();
    }
}
