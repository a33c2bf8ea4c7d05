package dev.sluice.snapshot;

import dev.sluice.fuzz.Require;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;

/**
 * Fuzzes the metadata store: a byte, and changes with their length before them. The byte says whether they stand in a checkpoint or in a journal,
 * whether its end is missing, and whether they are framed with the right checksums, or the file stands there as it is. What can be read is the
 * same when it is read again, and takes another change.
 */
public final class SnapshotJournalFuzz {
    private static final long JOURNAL_MAGIC = 0x736c_7569_6365_4a31L;
    private static final long CHECKPOINT_MAGIC = 0x736c_7569_6365_4331L;
    private static final int CHECKPOINT = 1;
    private static final int AS_IT_IS = 2;
    private static final int TORN = 4;

    private SnapshotJournalFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        if (data.length < 2) {
            return;
        }
        int how = data[0];
        boolean inCheckpoint = (how & CHECKPOINT) != 0;
        ByteBuffer rest = ByteBuffer.wrap(data, 1, data.length - 1).slice();
        long magic = inCheckpoint ? CHECKPOINT_MAGIC : JOURNAL_MAGIC;
        byte[] contents = (how & AS_IT_IS) != 0 ? bytes(rest) : framed(magic, inCheckpoint, rest);
        if ((how & TORN) != 0) {
            contents = Arrays.copyOf(contents, Math.max(0, contents.length - (data[1] & 0x1F)));
        }
        FaultyJournalFiles files = new FaultyJournalFiles(new Random(1));
        if (inCheckpoint) {
            write(files, "checkpoint", contents);
            write(files, "journal", bytes(Frames.header(JOURNAL_MAGIC, new Frames.Header(0, 0))));
        } else {
            write(files, "journal", contents);
        }
        check(files);
    }

    private static void check(FaultyJournalFiles files) throws IOException {
        List<Change> changes = new ArrayList<>();
        SnapshotIndex index = new SnapshotIndex();
        try (Journal journal = Journal.open(files, change -> {
            index.apply(change);
            changes.add(change);
        })) {
            journal.append(new Change.IdsUsed(5));
        } catch (CorruptStoreException | UnknownStoreVersionException e) {
            Objects.requireNonNull(e.getMessage());
            return;
        }
        changes.add(new Change.IdsUsed(5));
        List<Change> again = new ArrayList<>();
        Journal.open(files, again::add).close();
        Require.equal(changes, again, "not the same when read again");
        for (Change change : changes) {
            Require.equal(change, ChangeCodec.decode(ByteBuffer.wrap(ChangeCodec.encode(change))), "another change");
        }
    }

    private static byte[] framed(long magic, boolean inCheckpoint, ByteBuffer rest) {
        List<byte[]> frames = new ArrayList<>();
        while (rest.remaining() > 2) {
            int length = Math.min(rest.remaining() - 2, Math.max(1, rest.getShort() & 0x3FF));
            byte[] payload = new byte[length];
            rest.get(payload);
            frames.add(bytes(Frames.frame(frames.size() + (inCheckpoint ? 0 : 1), payload)));
        }
        ByteBuffer file = ByteBuffer.allocate(
                Frames.HEADER + frames.stream().mapToInt(frame -> frame.length).sum());
        file.put(Frames.header(magic, new Frames.Header(0, inCheckpoint ? frames.size() : 0)));
        frames.forEach(file::put);
        return file.array();
    }

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static void write(FaultyJournalFiles files, String name, byte[] contents) throws IOException {
        try (JournalFiles.OpenFile file = files.create(name)) {
            file.write(ByteBuffer.wrap(contents), 0);
            file.sync();
        }
        files.syncNames();
    }
}
