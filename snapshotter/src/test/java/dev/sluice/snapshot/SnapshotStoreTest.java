package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Usage;
import dev.sluice.snapshot.SnapshotException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotStoreTest {
    private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000, 1);
    private static final Usage USAGE = new Usage(4096, 1);

    @TempDir
    Path directory;

    private static Snapshot snapshot(long id, String name, Optional<String> parent, Kind kind) {
        return new Snapshot(
                id, "default", name, parent, kind, Map.of(), NOW, NOW, Optional.empty(), Snapshot.UNMEASURED);
    }

    private static void fails(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        SnapshotException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    @Test
    void anIdIsNeverGivenAwayTwice() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            long id = store.newId();
            store.create(snapshot(id, "a", Optional.empty(), Kind.ACTIVE));
            store.remove("a");
            assertThat(store.newId()).isGreaterThan(id);
            store.skipIds(100);
            assertThat(store.newId()).isEqualTo(101);
            store.create(snapshot(102, "b", Optional.empty(), Kind.ACTIVE));
            store.remove("b");
        }
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.newId()).isEqualTo(103);
        }
    }

    @Test
    void idsStayUsedWhenACheckpointForgetsTheirSnapshots() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            fillJournal(store);
            store.compact();
            assertThat(directory.resolve("checkpoint")).exists();
            assertThat(Files.size(directory.resolve("journal"))).isEqualTo(Frames.HEADER);
        }
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.all()).isEmpty();
            assertThat(store.newId()).isEqualTo(2);
        }
    }

    private static void fillJournal(SnapshotStore store) throws Exception {
        fillJournal(store, "a");
    }

    private static void fillJournal(SnapshotStore store, String name) throws Exception {
        store.create(snapshot(store.newId(), name, Optional.empty(), Kind.ACTIVE));
        store.update(name, labels -> Map.of("label", "x".repeat(300_000)), NOW);
        store.remove(name);
    }

    @Test
    void aParentCanBeGivenAtCommit() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            store.create(snapshot(1, "base", Optional.empty(), Kind.COMMITTED));
            store.create(snapshot(2, "other", Optional.empty(), Kind.COMMITTED));
            store.create(snapshot(3, "free", Optional.empty(), Kind.ACTIVE));
            store.create(snapshot(4, "bound", Optional.of("base"), Kind.ACTIVE));

            fails(Reason.NOT_FOUND, () -> commit(store, "free", 3, Optional.of("missing")));
            fails(Reason.FAILED_PRECONDITION, () -> commit(store, "free", 3, Optional.of("bound")));
            fails(Reason.INVALID_ARGUMENT, () -> commit(store, "bound", 4, Optional.of("other")));
            commit(store, "free", 3, Optional.of("base"));
            commit(store, "bound", 4, Optional.of("base"));

            assertThat(store.get("free committed").parent()).contains("base");
            fails(Reason.FAILED_PRECONDITION, () -> store.remove("base"));
        }
    }

    private static void commit(SnapshotStore store, String key, long id, Optional<String> parent) throws Exception {
        store.commit(key, id, key + " committed", parent, Map.of(), USAGE, NOW);
    }

    @Test
    void whatWasMeasuredForAnotherSnapshotOfTheSameNameIsNotCommitted() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            store.create(snapshot(2, "key", Optional.empty(), Kind.ACTIVE));

            fails(Reason.NOT_FOUND, () -> commit(store, "key", 1, Optional.empty()));
        }
    }

    @Test
    void lazyLayersAreCountedByTheirSnapshots() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            for (int i = 1; i <= 3; i++) {
                store.create(new Snapshot(
                        i,
                        "default",
                        "snapshot " + i,
                        Optional.empty(),
                        Kind.COMMITTED,
                        Map.of(),
                        NOW,
                        NOW,
                        Optional.of(new LayerKey(i < 3 ? "twice" : "once")),
                        Snapshot.UNMEASURED));
            }
            assertThat(store.layers()).isEqualTo(Map.of(new LayerKey("twice"), 2, new LayerKey("once"), 1));
        }
    }

    @Test
    void afterAnyHistoryTheStoreReadsBackAsItWas() throws Exception {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        for (int round = 0; round < 5; round++) {
            List<Snapshot> before;
            try (SnapshotStore store = SnapshotStore.open(directory)) {
                for (int step = 0; step < 100; step++) {
                    change(store, random);
                }
                before = store.all();
            }
            try (SnapshotStore store = SnapshotStore.open(directory)) {
                assertThat(store.all()).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(before);
                requireSound(store, seed);
            }
        }
    }

    private static final LayerKey BEFORE = new LayerKey("before");
    private static final LayerKey RIGHT = new LayerKey("right");

    private static Snapshot lazy(long id, String name, Optional<String> parent, LayerKey layer) {
        return new Snapshot(
                id,
                "default",
                name,
                parent,
                Kind.COMMITTED,
                Map.of(),
                NOW,
                NOW,
                Optional.of(layer),
                Snapshot.UNMEASURED);
    }

    @Test
    void aSettledSnapshotKeepsItsFormerLayerAcrossRestartsAndCheckpoints() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            store.create(lazy(store.newId(), "a", Optional.empty(), BEFORE));
            assertThat(store.settle(List.of(store.get("a")), Map.of("a", RIGHT), NOW))
                    .contains(Set.of("a"));
            assertThat(store.layers()).isEqualTo(Map.of(BEFORE, 1, RIGHT, 1));
        }
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.get("a").layer()).contains(RIGHT);
            fillJournal(store, "big");
            store.compact();
        }
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.layers()).isEqualTo(Map.of(BEFORE, 1, RIGHT, 1));
            assertThat(store.settle(List.of(store.get("a")), Map.of("a", BEFORE), NOW))
                    .as("nothing new is kept")
                    .contains(Set.of());
            assertThat(store.get("a").layer()).contains(BEFORE);
            assertThat(store.remove("a").layers()).containsExactlyInAnyOrder(BEFORE, RIGHT);
        }
    }

    @Test
    void nothingIsSettledIfSomethingHasChanged() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            store.create(lazy(store.newId(), "a", Optional.empty(), BEFORE));
            Snapshot seen = store.get("a");
            store.create(lazy(store.newId(), "above", Optional.of("a"), BEFORE));

            assertThat(store.settle(List.of(seen), Map.of("a", RIGHT), NOW)).isEmpty();
            assertThat(store.layers()).isEqualTo(Map.of(BEFORE, 2));
            assertThat(store.settle(List.of(seen, store.get("above")), Map.of("a", RIGHT), NOW))
                    .contains(Set.of("a"));
            assertThat(store.settle(List.of(seen, store.get("above")), Map.of("a", RIGHT), NOW))
                    .as("what is another layer by now")
                    .isEmpty();
        }
    }

    /** A change of several snapshots is there as a whole or not at all. */
    @Test
    void settlingIsWholeOrNotAtAllWhereverTheMachineStops() throws Exception {
        int settled = 0;
        int unsettled = 0;
        boolean crashed = true;
        for (int step = 0; crashed; step++) {
            FaultyJournalFiles files = new FaultyJournalFiles(new Random(step));
            try (SnapshotStore store = SnapshotStore.open(files)) {
                store.create(lazy(store.newId(), "a", Optional.empty(), BEFORE));
                store.create(lazy(store.newId(), "above", Optional.of("a"), BEFORE));
            }
            files = files.afterThePowerFailed();
            files.crashAt(step);
            boolean acknowledged = false;
            try (SnapshotStore store = SnapshotStore.open(files)) {
                store.settle(List.of(store.get("a"), store.get("above")), Map.of("a", RIGHT, "above", RIGHT), NOW);
                acknowledged = true;
            } catch (IOException e) {
                assertThat(files.isCrashed()).isTrue();
            }
            crashed = files.isCrashed();
            for (int i = 0; i < 4; i++) {
                try (SnapshotStore store = SnapshotStore.open(files.afterThePowerFailed())) {
                    Map<LayerKey, Integer> layers = store.layers();
                    assertThat(layers).isIn(Map.of(BEFORE, 2), Map.of(BEFORE, 2, RIGHT, 2));
                    if (acknowledged) {
                        assertThat(layers).containsEntry(RIGHT, 2);
                    }
                    settled += layers.containsKey(RIGHT) ? 1 : 0;
                    unsettled += layers.containsKey(RIGHT) ? 0 : 1;
                }
            }
        }
        assertThat(settled).isPositive();
        assertThat(unsettled).isPositive();
    }

    @Test
    void aStoreOfTheFirstVersionIsReadAndThenNotOfItAnyMore() throws Exception {
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            store.create(lazy(store.newId(), "a", Optional.empty(), BEFORE));
        }
        Path journal = directory.resolve("journal");
        byte[] bytes = Files.readAllBytes(journal);
        byte[] header = new byte[Frames.HEADER];
        Frames.header(ByteBuffer.wrap(bytes).getLong(), 1, new Frames.Header(0, 0))
                .get(header);
        System.arraycopy(header, 0, bytes, 0, header.length);
        Files.write(journal, bytes);

        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.get("a").layer()).contains(BEFORE);
        }

        assertThat(ByteBuffer.wrap(Files.readAllBytes(journal)).getInt(Long.BYTES))
                .isEqualTo(Frames.VERSION);
        try (SnapshotStore store = SnapshotStore.open(directory)) {
            assertThat(store.get("a").layer()).contains(BEFORE);
        }
    }

    /** A change that the rules allow or forbid. */
    private static void change(SnapshotStore store, Random random) throws IOException {
        List<String> names =
                new ArrayList<>(store.all().stream().map(Snapshot::name).toList());
        names.add("nobody");
        String name = names.get(random.nextInt(names.size()));
        String fresh = "s" + random.nextInt(1000);
        try {
            switch (random.nextInt(6)) {
                case 0 -> store.create(snapshot(store.newId(), fresh, Optional.empty(), Kind.ACTIVE));
                case 1, 2 -> store.create(snapshot(store.newId(), fresh, Optional.of(name), Kind.ACTIVE));
                case 3 ->
                    store.commit(name, store.get(name).id(), fresh, Optional.empty(), Map.of("a", fresh), USAGE, NOW);
                case 4 -> store.remove(name);
                default -> {
                    store.update(name, labels -> Map.of("b", "x".repeat(random.nextInt(20_000))), NOW);
                    store.compact();
                }
            }
        } catch (SnapshotException e) {
            assertThat(e.reason()).isNotNull();
        }
    }

    private static void requireSound(SnapshotStore store, long seed) throws SnapshotException {
        Set<Long> ids = new HashSet<>();
        for (Snapshot snapshot : store.all()) {
            assertThat(ids.add(snapshot.id())).as("seed %d", seed).isTrue();
            for (Snapshot below : store.ancestors(snapshot)) {
                assertThat(below.kind()).as("seed %d", seed).isEqualTo(Kind.COMMITTED);
            }
            if (snapshot.parent().isPresent()) {
                assertThat(store.get(snapshot.parent().get()).id()).isLessThan(snapshot.id());
            }
        }
    }
}
