package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.proto.containerd.snapshots.Info;
import dev.sluice.proto.containerd.snapshots.Kind;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

/** Layers that are committed while their bytes are on their way, over a real socket. */
class ArrivalsTest {
    private static final String REFERENCE = "containerd.io/snapshot.ref";
    private static final String CHAIN_A = "sha256:" + "a".repeat(64);
    private static final String CHAIN_B = "sha256:" + "b".repeat(64);
    private static final LayerKey KEY_A = new LayerKey("a-1");
    private static final LayerKey KEY_B = new LayerKey("b-1");

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
    void prepareCommitsWhatIsBeingFetchedAndStatWaitsForIt() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        Future<Info> stat = clients.submit(() -> service.stat(name));
        assertThat(service.list()).extracting(Info::getKind).containsExactly(Kind.COMMITTED);
        assertThat(service.usage(name).getSize()).isZero();
        assertThat(stat).isNotDone();

        service.layers().add(CHAIN_A, KEY_A, "fetched");

        assertThat(stat.get().getName()).isEqualTo(name);
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
        assertThat(service.view("view", name)).isNotEmpty();
    }

    @Test
    void allWhoWaitGetItAndItHasOneReference() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        List<Future<Info>> stats = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            stats.add(clients.submit(() -> service.stat(name)));
        }

        service.layers().add(CHAIN_A, KEY_A, "fetched");

        for (Future<Info> stat : stats) {
            assertThat(stat.get().getName()).isEqualTo(name);
        }
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
    }

    @Test
    void aContainerOnTopIsToBeTriedAgain() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");

        fails(Code.UNAVAILABLE, "try again", () -> service.prepare("container", name));
        service.layers().add(CHAIN_A, KEY_A, "fetched");

        assertThat(service.prepare("container", name)).isNotEmpty();
    }

    @Test
    void layersArriveFromTheLowestToTheTopmost() throws Exception {
        String below = prepareUnderWay(CHAIN_A, "");
        service.layers().fetch(CHAIN_B);
        Path fetched = service.layers().add(CHAIN_A, KEY_A, "below");
        String above = prepareUnderWay(CHAIN_B, below);

        service.layers().add(CHAIN_B, KEY_B, "above");
        service.stat(above);

        assertThat(service.layers()
                        .requests()
                        .get(service.layers().requests().size() - 1)
                        .lowerDirectories())
                .containsExactly(fetched);
        assertThat(service.layers().references()).isEqualTo(Map.of(KEY_A, 1, KEY_B, 1));
    }

    @Test
    void whatCannotBeFetchedFailsStatAndCanBeTriedAgain() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        service.layers().lose(CHAIN_A);

        fails(Code.UNAVAILABLE, "nobody made it so", () -> service.stat(name));
        fails(Code.UNAVAILABLE, "nobody made it so", () -> service.prepare("container", name));
        service.layers().add(CHAIN_A, KEY_A, "fetched");

        assertThat(service.stat(name).getName()).isEqualTo(name);
    }

    @Test
    void whatIsRemovedMeanwhileLeavesNoReference() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        Future<Info> stat = clients.submit(() -> service.stat(name));
        service.remove(name);
        service.layers().add(CHAIN_A, KEY_A, "fetched");

        assertThatThrownBy(stat::get).hasMessageContaining("NOT_FOUND");
        assertThat(service.layers().references(KEY_A)).isZero();
    }

    @Test
    void itIsStillExpectedAfterARestart() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        service.close();
        service = new SnapshotHarness(directory);
        assertThat(service.layers().references()).isEmpty();
        service.layers().add(CHAIN_A, KEY_A, "fetched");

        assertThat(service.stat(name).getName()).isEqualTo(name);
        assertThat(service.layers().references(KEY_A)).isEqualTo(1);
    }

    @Test
    void twoNamespacesWaitForTheSameLayer() throws Exception {
        String mine = prepareUnderWay(CHAIN_A, "");
        fails(
                Code.ALREADY_EXISTS,
                CHAIN_A,
                () -> service.prepare("elsewhere", "extract", "", Map.of(REFERENCE, CHAIN_A)));
        service.layers().add(CHAIN_A, KEY_A, "fetched");

        for (Info info : service.list()) {
            service.stat(info.getName());
        }

        assertThat(service.stat(mine).getName()).isEqualTo(mine);
        assertThat(service.layers().references(KEY_A)).isEqualTo(2);
    }

    @Test
    void nobodyIsWaitedForWhoHasGoneAway() throws Exception {
        String name = prepareUnderWay(CHAIN_A, "");
        Future<Info> stat = clients.submit(() -> service.stat(name));
        await().until(() -> service.layers().waiting() == 1);

        service.disconnect();

        await().until(() -> service.layers().waiting() == 0);
        assertThatThrownBy(stat::get).isNotNull();
    }

    private String prepareUnderWay(String chainId, String parent) {
        service.layers().fetch(chainId);
        fails(
                Code.ALREADY_EXISTS,
                chainId,
                () -> service.prepare("extract " + chainId, parent, Map.of(REFERENCE, chainId)));
        return service.list("labels.\"" + REFERENCE + "\"==" + chainId).stream()
                .filter(info -> info.getParent().equals(parent))
                .findFirst()
                .orElseThrow()
                .getName();
    }

    private static void fails(Code code, String message, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        StatusRuntimeException.class,
                        e -> assertThat(e.getStatus().getCode()).isEqualTo(code))
                .hasMessageContaining(message);
    }
}
