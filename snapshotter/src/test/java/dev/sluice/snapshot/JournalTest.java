package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.mount.LazyLayers.LayerKey;
import dev.sluice.mount.LazyLayers.Usage;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalTest {
    private static final List<Change> CHANGES = List.of(
            new Change.Put(snapshot(1, "one", Optional.empty(), Kind.ACTIVE)),
            new Change.Committed("one", snapshot(1, "sha256:äöü", Optional.empty(), Kind.COMMITTED)),
            new Change.Put(snapshot(2, "two", Optional.of("sha256:äöü"), Kind.VIEW)),
            new Change.Removed("two"),
            new Change.IdsUsed(Long.MAX_VALUE),
            new Change.Settled(List.of(snapshot(1, "sha256:äöü", Optional.empty(), Kind.COMMITTED)
                    .settled(new LayerKey("right"), Instant.EPOCH))));

    @TempDir
    Path directory;

    private static Snapshot snapshot(long id, String name, Optional<String> parent, Kind kind) {
        return new Snapshot(
                id,
                "k8s.io",
                name,
                parent,
                kind,
                Map.of("containerd.io/snapshot.ref", "x", "empty", ""),
                Instant.ofEpochSecond(1_800_000_000, 123_456_789),
                Instant.ofEpochSecond(-1, 999_999_999),
                kind == Kind.COMMITTED ? Optional.of(new LayerKey("a.b-c")) : Optional.empty(),
                new Usage(1L << 40, 3));
    }

    private Path journal() {
        return directory.resolve("journal");
    }

    private Path checkpoint() {
        return directory.resolve("checkpoint");
    }

    /** Files of the same length only; to cut a file off first makes ext4 write it out when it is closed. */
    private static void overwrite(Path file, byte[] contents) throws IOException {
        Files.write(file, contents, StandardOpenOption.WRITE);
    }

    private List<Change> read() throws IOException {
        List<Change> changes = new ArrayList<>();
        Journal.open(directory, changes::add).close();
        return changes;
    }

    private void append(List<Change> changes) throws IOException {
        try (Journal journal = Journal.open(directory, change -> {})) {
            for (Change change : changes) {
                journal.append(change);
            }
        }
    }

    /** Where the header and each change end. */
    private List<Long> ends() throws IOException {
        List<Long> ends = new ArrayList<>();
        try (Journal journal = Journal.open(directory, change -> {})) {
            ends.add(Files.size(journal()));
            for (Change change : CHANGES) {
                journal.append(change);
                ends.add(Files.size(journal()));
            }
        }
        return ends;
    }

    @Test
    void changesReadBackInOrder() throws IOException {
        append(CHANGES.subList(0, 2));
        append(CHANGES.subList(2, CHANGES.size()));

        assertThat(read()).isEqualTo(CHANGES);
    }

    @Test
    void aCheckpointReplacesTheChangesBefore() throws IOException {
        List<Change> state = List.of(CHANGES.get(4), CHANGES.get(2));
        try (Journal journal = Journal.open(directory, change -> {})) {
            for (Change change : CHANGES) {
                journal.append(change);
            }
            journal.checkpoint(state);
            assertThat(journal.size()).isZero();
            journal.append(CHANGES.get(3));
        }

        assertThat(read()).containsExactly(CHANGES.get(4), CHANGES.get(2), CHANGES.get(3));
    }

    @Test
    void aJournalCutOffAnywhereReadsBackToTheLastWholeChangeAndGoesOn() throws IOException {
        List<Long> ends = ends();
        byte[] whole = Files.readAllBytes(journal());
        for (int length = ends.get(0).intValue(); length < whole.length; length++) {
            int cut = length;
            Files.write(journal(), Arrays.copyOf(whole, length));
            int survivors =
                    (int) ends.stream().skip(1).filter(end -> end <= cut).count();

            assertThat(read()).as("cut off at %d", length).isEqualTo(CHANGES.subList(0, survivors));
            append(CHANGES.subList(survivors, CHANGES.size()));
            assertThat(Files.readAllBytes(journal()))
                    .as("cut off at %d", length)
                    .isEqualTo(whole);
        }
    }

    @Test
    void aLastChangeWhoseEndNeverReachedTheDiskIsDropped() throws IOException {
        List<Long> ends = ends();
        byte[] whole = Files.readAllBytes(journal());
        int lastBegins = ends.get(CHANGES.size() - 1).intValue();
        for (int written = lastBegins; written < whole.length; written++) {
            byte[] torn = whole.clone();
            Arrays.fill(torn, written, torn.length, (byte) 0);
            overwrite(journal(), torn);

            assertThat(read()).as("zeros from %d", written).isEqualTo(CHANGES.subList(0, CHANGES.size() - 1));
        }
    }

    @Test
    void aFlippedBitAnywhereIsFoundAndTheFileIsLeftAsItIs() throws IOException {
        append(CHANGES);
        byte[] whole = Files.readAllBytes(journal());
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            overwrite(journal(), damaged);

            assertThatThrownBy(this::read)
                    .as("bit %d", bit)
                    .isInstanceOf(CorruptStoreException.class)
                    .hasMessageContaining("journal");
            assertThat(Files.readAllBytes(journal())).isEqualTo(damaged);
        }
    }

    @Test
    void aDamagedCheckpointIsFound() throws IOException {
        try (Journal journal = Journal.open(directory, change -> {})) {
            journal.append(CHANGES.get(0));
            journal.checkpoint(CHANGES);
        }
        byte[] whole = Files.readAllBytes(checkpoint());
        for (int bit = 0; bit < whole.length * 8; bit++) {
            byte[] damaged = whole.clone();
            damaged[bit / 8] ^= (byte) (1 << (bit % 8));
            overwrite(checkpoint(), damaged);

            assertThatThrownBy(this::read).as("bit %d", bit).isInstanceOf(CorruptStoreException.class);
        }
        for (int length = 0; length < whole.length; length++) {
            Files.write(checkpoint(), Arrays.copyOf(whole, length));

            assertThatThrownBy(this::read).as("cut off at %d", length).isInstanceOf(CorruptStoreException.class);
        }
    }

    @Test
    void aCrashBetweenCheckpointAndNewJournalLosesAndRepeatsNothing() throws IOException {
        append(CHANGES);
        byte[] oldJournal = Files.readAllBytes(journal());
        try (Journal journal = Journal.open(directory, change -> {})) {
            journal.checkpoint(List.of(CHANGES.get(4)));
        }
        Files.write(journal(), oldJournal);

        assertThat(read()).containsExactly(CHANGES.get(4));
        append(List.of(CHANGES.get(0)));
        assertThat(read()).containsExactly(CHANGES.get(4), CHANGES.get(0));
    }

    @Test
    void leftoversOfACheckpointThatWasNeverFinishedAreIgnored() throws IOException {
        append(CHANGES);
        Files.writeString(directory.resolve("checkpoint.tmp"), "half");
        Files.writeString(directory.resolve("journal.tmp"), "half");

        assertThat(read()).isEqualTo(CHANGES);
    }

    @Test
    void filesThatDoNotBelongTogetherAreRefused() throws IOException {
        append(CHANGES);
        byte[] first = Files.readAllBytes(journal());
        try (Journal journal = Journal.open(directory, change -> {})) {
            journal.checkpoint(CHANGES);
            journal.append(CHANGES.get(0));
        }
        byte[] second = Files.readAllBytes(journal());
        byte[] checkpoint = Files.readAllBytes(checkpoint());

        Files.delete(checkpoint());
        assertThatThrownBy(this::read)
                .isInstanceOf(CorruptStoreException.class)
                .hasMessageContaining("begins after change " + CHANGES.size());

        Files.write(checkpoint(), checkpoint);
        Files.delete(journal());
        assertThatThrownBy(this::read).isInstanceOf(CorruptStoreException.class).hasMessageContaining("missing");

        Files.write(journal(), Arrays.copyOf(first, Frames.HEADER));
        assertThatThrownBy(this::read)
                .isInstanceOf(CorruptStoreException.class)
                .hasMessageContaining("changes of the checkpoint are missing");

        Files.write(journal(), second);
        assertThat(read()).hasSize(CHANGES.size() + 1);
    }

    @Test
    void anotherVersionIsRefused() throws IOException {
        append(CHANGES);
        ByteBuffer header =
                Frames.header(ByteBuffer.wrap(Files.readAllBytes(journal())).getLong(), 3, new Frames.Header(0, 0));
        try (RandomAccessFile file = new RandomAccessFile(journal().toFile(), "rw")) {
            file.write(header.array());
        }

        assertThatThrownBy(this::read)
                .isInstanceOf(UnknownStoreVersionException.class)
                .hasMessageContaining("has version 3, and this program knows version 2");
    }
}
