package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Settlement;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.types.Mount;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers that images disagree on until it is found out which one is right, over a real socket. */
class DisputesTest {
    private static final String REFERENCE = "containerd.io/snapshot.ref";
    private static final String CHAIN_A = "sha256:" + "a".repeat(64);
    private static final String CHAIN_B = "sha256:" + "b".repeat(64);
    private static final LayerKey DISPUTED = new LayerKey("a-disputed");
    private static final LayerKey RIGHT = new LayerKey("a-right");
    private static final LayerKey ABOVE = new LayerKey("b-1");
    private static final LayerKey ABOVE_FITTED = new LayerKey("b-1.fitted");

    @TempDir
    Path directory;

    private final ExecutorService clients = Executors.newCachedThreadPool();
    private SnapshotHarness service;

    @BeforeEach
    void start() throws IOException {
        service = new SnapshotHarness(directory);
    }

    @AfterEach
    void stop() throws Exception {
        clients.shutdownNow();
        service.close();
    }

    @Test
    void whatIsFoundToBeRightTakesThePlaceOfWhatIsInDispute() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));

        assertThat(service.stat(name).getName()).isEqualTo(name);

        assertThat(source(service.view("view", name))).contains(RIGHT.value());
        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 1));
    }

    @Test
    void whatRunsOnTheFormerLayerKeepsItUntilTheSnapshotGoes() throws Exception {
        String name = lazy("default", CHAIN_A, "");
        service.prepare("running", name);
        dispute();

        service.stat(name);
        restart();

        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 1));
        assertThat(source(service.mounts("running"))).as("of a new mount").contains(RIGHT.value());
        service.remove("running");
        service.remove(name);
        assertThat(service.layers().references()).isEmpty();
        restart();
        assertThat(service.layers().references()).isEmpty();
    }

    @Test
    void aContainerThatIsPreparedGetsTheRightLayer() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));

        assertThat(source(service.prepare("container", name))).contains(RIGHT.value());
    }

    @Test
    void statWaitsUntilItIsFoundOutAndPrepareDoesNot() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.UnderWay());

        fails("to verify which one has its diff ID: try again", () -> service.prepare("container", name));
        Future<Info> stat = clients.submit(() -> service.stat(name));
        await().until(() -> service.layers().waiting() == 1);
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));

        assertThat(stat.get().getName()).isEqualTo(name);
        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 1));
    }

    @Test
    void allWhoWaitGetItAndItHasOneReference() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.UnderWay());
        List<Future<Info>> stats = List.of(
                clients.submit(() -> service.stat(name)),
                clients.submit(() -> service.stat(name)),
                clients.submit(() -> service.stat(name)));
        await().until(() -> service.layers().waiting() == 3);
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));

        for (Future<Info> stat : stats) {
            assertThat(stat.get().getName()).isEqualTo(name);
        }
        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 1));
    }

    @Test
    void whatCannotBeFoundOutIsRefusedWithItsReason() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.Open("the registry is away"));

        fails("the registry is away", () -> service.stat(name));
        fails("one of them is forged", () -> service.prepare("container", name));
        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1));
    }

    @Test
    void imagesThatMeantTheSameLayerAllAlongKeepIt() throws Exception {
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.Agreed());

        assertThat(service.stat(name).getName()).isEqualTo(name);
        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1));
    }

    @Test
    void layersAboveTakeTheAttributesOfTheRightOne() throws Exception {
        String below = lazy("default", CHAIN_A, "");
        service.layers().add(CHAIN_B, ABOVE, "above");
        lazy("default", CHAIN_B, below);
        Path right = dispute();
        service.layers().add(CHAIN_B, ABOVE_FITTED, "above");
        service.layers().fit(ABOVE, right, ABOVE_FITTED);

        service.stat(below);
        restart();

        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 1, ABOVE, 1, ABOVE_FITTED, 1));
    }

    @Test
    void theSameLayerOfAnotherNamespaceIsSettledToo() throws Exception {
        lazy("elsewhere", CHAIN_A, "");
        String name = disputed();
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));

        service.stat(name);

        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 2, RIGHT, 2));
    }

    @Test
    void aVerifiedLayerTakesThePlaceOfOneThatAnotherNamespaceHas() throws Exception {
        lazy("elsewhere", CHAIN_A, "");
        right();

        lazy("default", CHAIN_A, "");

        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 2));
    }

    @Test
    void whereAnotherNamespaceHasAVerifiedLayerThatIsTaken() throws Exception {
        right();
        lazy("elsewhere", CHAIN_A, "");
        service.layers().add(CHAIN_A, DISPUTED, "disputed");

        prepareLazily("default", CHAIN_A, "");

        assertThat(service.layers().references()).isEqualTo(Map.of(RIGHT, 2));
    }

    @Test
    void aLayerThatArrivesVerifiedIsNotInTheWayOfAnotherNamespacesLayer() throws Exception {
        lazy("elsewhere", CHAIN_A, "");
        service.layers().fetch(CHAIN_A);
        prepareLazily("default", CHAIN_A, "");
        right();

        for (Info info : service.list()) {
            service.stat(info.getName());
        }

        assertThat(service.layers().references()).isEqualTo(Map.of(DISPUTED, 1, RIGHT, 2));
    }

    private void restart() throws Exception {
        service.close();
        service = new SnapshotHarness(directory);
    }

    private String disputed() throws IOException {
        String name = lazy("default", CHAIN_A, "");
        dispute();
        return name;
    }

    /** Says that images disagree, and which layer is right. */
    private Path dispute() throws IOException {
        Path right = right();
        service.layers().settle(CHAIN_A, new Settlement.Right(RIGHT, "example.test/right:1"));
        service.layers().deny("default", CHAIN_A, "images disagree");
        return right;
    }

    private Path right() throws IOException {
        service.layers().verify(RIGHT);
        return service.layers().add(CHAIN_A, RIGHT, "right");
    }

    private String lazy(String namespace, String chainId, String parent) throws IOException {
        if (chainId.equals(CHAIN_A) && !service.layers().isVerified(RIGHT)) {
            service.layers().add(CHAIN_A, DISPUTED, "disputed");
        }
        prepareLazily(namespace, chainId, parent);
        return service.listOf(namespace, "labels.\"" + REFERENCE + "\"==" + chainId)
                .get(0)
                .getName();
    }

    private void prepareLazily(String namespace, String chainId, String parent) {
        assertThatThrownBy(() -> service.prepare(namespace, "extract " + chainId, parent, Map.of(REFERENCE, chainId)))
                .hasMessageContaining("ALREADY_EXISTS");
    }

    private static String source(List<Mount> mounts) {
        Mount last = mounts.get(mounts.size() - 1);
        return last.getSource() + last.getOptionsList();
    }

    private static void fails(String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(Code.FAILED_PRECONDITION))
                .hasMessageContaining(message);
    }
}
