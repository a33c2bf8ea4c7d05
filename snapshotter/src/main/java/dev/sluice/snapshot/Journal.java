package dev.sluice.snapshot;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Durable changes in two files, framed by {@link Frames}:
 *
 * <pre>
 *   checkpoint   changes that give the state up to change number N
 *   journal      the changes since number M, M &lt;= N; those up to N are skipped
 * </pre>
 *
 * A change is in the journal, and the journal's data are synced, before {@link #append} returns. A checkpoint is written beside
 * the old one, synced and renamed; then the journal is replaced by an empty one in the same way. So a crash at any moment leaves a
 * pair that reads back to the same state. Only the end of the journal can be torn; it is cut off when the journal is opened.
 *
 * <p>Not safe for use by many threads.
 */
final class Journal implements Closeable {
    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    private static final long JOURNAL_MAGIC = 0x736c_7569_6365_4a31L; // "sluiceJ1"
    private static final long CHECKPOINT_MAGIC = 0x736c_7569_6365_4331L; // "sluiceC1"

    private static final String JOURNAL = "journal";
    private static final String CHECKPOINT = "checkpoint";

    private final JournalFiles files;
    private JournalFiles.OpenFile journal;
    private long sequence;
    private long length;
    private boolean broken;
    private boolean old;

    private Journal(JournalFiles files, JournalFiles.OpenFile journal, long sequence, long length, boolean old) {
        this.old = old;
        this.files = files;
        this.journal = journal;
        this.sequence = sequence;
        this.length = length;
    }

    /** Opens the journal in a directory. See {@link #open(JournalFiles, Consumer)}. */
    static Journal open(Path directory, Consumer<Change> changes) throws IOException {
        return open(new JournalDirectory(directory), changes);
    }

    /**
     * Opens the journal, and makes an empty one if there is none.
     *
     * @param changes takes all changes in order, before this method returns; it refuses one by IllegalArgumentException
     * @throws CorruptStoreException if what was once durable is damaged or missing
     * @throws UnknownStoreVersionException if another version wrote it
     */
    static Journal open(JournalFiles files, Consumer<Change> changes) throws IOException {
        boolean hasCheckpoint = files.exists(CHECKPOINT);
        if (!files.exists(JOURNAL)) {
            if (hasCheckpoint) {
                throw new CorruptStoreException(files.path(JOURNAL), 0, "it is missing, and there is a checkpoint");
            }
            writeWhole(files, JOURNAL, Frames.header(JOURNAL_MAGIC, new Frames.Header(0, 0)), List.of());
        }
        long inCheckpoint = hasCheckpoint ? readCheckpoint(files, changes) : 0;
        return readJournal(files, inCheckpoint, changes);
    }

    private static long readCheckpoint(JournalFiles files, Consumer<Change> changes) throws IOException {
        Path file = files.path(CHECKPOINT);
        ByteBuffer in = ByteBuffer.wrap(files.read(CHECKPOINT));
        Frames.Header header = Frames.readHeader(file, in, CHECKPOINT_MAGIC);
        int frames = Frames.read(file, in, 0, payload -> changes.accept(ChangeCodec.decode(payload)));
        if (in.hasRemaining() || frames != header.count()) {
            throw new CorruptStoreException(
                    file, in.position(), frames + " changes can be read, expected " + header.count());
        }
        return header.sequence();
    }

    private static Journal readJournal(JournalFiles files, long inCheckpoint, Consumer<Change> changes)
            throws IOException {
        Path file = files.path(JOURNAL);
        ByteBuffer in = ByteBuffer.wrap(files.read(JOURNAL));
        Frames.Header header = Frames.readHeader(file, in, JOURNAL_MAGIC);
        if (header.sequence() > inCheckpoint) {
            throw new CorruptStoreException(
                    file,
                    0,
                    "it begins after change " + header.sequence() + ", and the checkpoint ends at " + inCheckpoint);
        }
        long[] skip = {inCheckpoint - header.sequence()};
        int frames = Frames.read(file, in, header.sequence() + 1, payload -> {
            if (skip[0] > 0) {
                skip[0]--;
            } else {
                changes.accept(ChangeCodec.decode(payload));
            }
        });
        if (skip[0] > 0) {
            throw new CorruptStoreException(file, in.position(), "changes of the checkpoint are missing");
        }
        JournalFiles.OpenFile journal = files.open(JOURNAL);
        try {
            if (in.hasRemaining()) {
                log.warn("The last change in {} was cut off by a crash: {} bytes dropped", file, in.remaining());
                journal.truncate(in.position());
                journal.sync();
            }
            return new Journal(files, journal, header.sequence() + frames, in.position(), Frames.isOld(in));
        } catch (IOException e) {
            journal.close();
            throw e;
        }
    }

    /**
     * Makes a change durable.
     *
     * @throws IOException if it is not, and will not be after a restart. If not even that can be had, every later call fails too.
     */
    void append(Change change) throws IOException {
        if (broken) {
            throw new IOException("Tried to write " + files.path(JOURNAL)
                    + " but failed because: an earlier write failed half-way; restart to recover");
        }
        ByteBuffer frame = Frames.frame(sequence + 1, ChangeCodec.encode(change));
        int size = frame.remaining();
        try {
            journal.write(frame, length);
            journal.sync();
        } catch (IOException e) {
            takeBack(e);
            throw new IOException(
                    "Tried to write " + files.path(JOURNAL) + " but failed because: " + e.getMessage(), e);
        }
        length += size;
        sequence++;
    }

    private void takeBack(IOException cause) {
        try {
            journal.truncate(length);
            journal.sync();
        } catch (IOException e) {
            broken = true;
            cause.addSuppressed(e);
        }
    }

    /** Whether an earlier version of this program could read the journal: it has to be replaced before anything is appended that it does not know. */
    boolean isOld() {
        return old;
    }

    /** Bytes of changes since the last checkpoint. */
    long size() {
        return length - Frames.HEADER;
    }

    /**
     * Replaces the journal by a checkpoint.
     *
     * @param state changes that give the state after all that was appended
     * @throws IOException if that failed; the old state of the files, or an equivalent one, remains. It can be appended to, unless
     *     it is not known which file a restart will find: then every later call fails too.
     */
    void checkpoint(List<Change> state) throws IOException {
        writeWhole(
                files, CHECKPOINT, Frames.header(CHECKPOINT_MAGIC, new Frames.Header(sequence, state.size())), state);
        writeTemporary(files, JOURNAL, Frames.header(JOURNAL_MAGIC, new Frames.Header(sequence, 0)), List.of());
        JournalFiles.OpenFile replaced = journal;
        // From here on the file that we write to may be nobody's.
        broken = true;
        publish(files, JOURNAL);
        journal = files.open(JOURNAL);
        broken = false;
        length = Frames.HEADER;
        old = false;
        replaced.close();
    }

    @Override
    public void close() throws IOException {
        journal.close();
    }

    private static void writeWhole(JournalFiles files, String name, ByteBuffer header, List<Change> changes)
            throws IOException {
        writeTemporary(files, name, header, changes);
        publish(files, name);
    }

    /** Writes a file under a temporary name, and syncs it. */
    private static void writeTemporary(JournalFiles files, String name, ByteBuffer header, List<Change> changes)
            throws IOException {
        try (JournalFiles.OpenFile out = files.create(temporary(name))) {
            long at = header.remaining();
            out.write(header, 0);
            for (int i = 0; i < changes.size(); i++) {
                ByteBuffer frame = Frames.frame(i, ChangeCodec.encode(changes.get(i)));
                int size = frame.remaining();
                out.write(frame, at);
                at += size;
            }
            out.sync();
        }
    }

    private static void publish(JournalFiles files, String name) throws IOException {
        files.rename(temporary(name), name);
        files.syncNames();
    }

    private static String temporary(String name) {
        return name + ".tmp";
    }
}
