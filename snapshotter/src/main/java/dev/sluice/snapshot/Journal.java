package dev.sluice.snapshot;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.TRUNCATE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
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

    private final Path directory;
    private FileChannel channel;
    private long sequence;
    private long length;
    private boolean broken;

    private Journal(Path directory, FileChannel channel, long sequence, long length) {
        this.directory = directory;
        this.channel = channel;
        this.sequence = sequence;
        this.length = length;
    }

    /**
     * Opens the journal in a directory, and makes an empty one if there is none.
     *
     * @param changes takes all changes in order, before this method returns; it refuses one by IllegalArgumentException
     * @throws CorruptStoreException if what was once durable is damaged or missing
     * @throws UnknownStoreVersionException if another version wrote it
     */
    static Journal open(Path directory, Consumer<Change> changes) throws IOException {
        Path checkpoint = checkpointFile(directory);
        Path journal = journalFile(directory);
        boolean hasCheckpoint = Files.exists(checkpoint);
        if (!Files.exists(journal)) {
            if (hasCheckpoint) {
                throw new CorruptStoreException(journal, 0, "it is missing, and there is a checkpoint");
            }
            writeWhole(journal, Frames.header(JOURNAL_MAGIC, new Frames.Header(0, 0)), List.of());
        }
        long inCheckpoint = hasCheckpoint ? readCheckpoint(checkpoint, changes) : 0;
        return readJournal(directory, journal, inCheckpoint, changes);
    }

    private static long readCheckpoint(Path file, Consumer<Change> changes) throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
        Frames.Header header = Frames.readHeader(file, in, CHECKPOINT_MAGIC);
        int frames = Frames.read(file, in, 0, payload -> changes.accept(ChangeCodec.decode(payload)));
        if (in.hasRemaining() || frames != header.count()) {
            throw new CorruptStoreException(
                    file, in.position(), frames + " changes can be read, expected " + header.count());
        }
        return header.sequence();
    }

    private static Journal readJournal(Path directory, Path file, long inCheckpoint, Consumer<Change> changes)
            throws IOException {
        ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file));
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
        FileChannel channel = FileChannel.open(file, READ, WRITE);
        try {
            if (in.hasRemaining()) {
                log.warn("The last change in {} was cut off by a crash: {} bytes dropped", file, in.remaining());
                channel.truncate(in.position());
                channel.force(true);
            }
            return new Journal(directory, channel, header.sequence() + frames, in.position());
        } catch (IOException e) {
            channel.close();
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
            throw new IOException("Tried to write " + journalFile(directory)
                    + " but failed because: an earlier write failed half-way; restart to recover");
        }
        ByteBuffer frame = Frames.frame(sequence + 1, ChangeCodec.encode(change));
        int size = frame.remaining();
        try {
            writeFully(channel, frame, length);
            channel.force(false);
        } catch (IOException e) {
            takeBack(e);
            throw new IOException(
                    "Tried to write " + journalFile(directory) + " but failed because: " + e.getMessage(), e);
        }
        length += size;
        sequence++;
    }

    private void takeBack(IOException cause) {
        try {
            channel.truncate(length);
            channel.force(true);
        } catch (IOException e) {
            broken = true;
            cause.addSuppressed(e);
        }
    }

    /** Bytes of changes since the last checkpoint. */
    long size() {
        return length - Frames.HEADER;
    }

    /**
     * Replaces the journal by a checkpoint.
     *
     * @param state changes that give the state after all that was appended
     * @throws IOException if that failed; the old state of the files, or an equivalent one, remains and can be appended to
     */
    void checkpoint(List<Change> state) throws IOException {
        writeWhole(
                checkpointFile(directory),
                Frames.header(CHECKPOINT_MAGIC, new Frames.Header(sequence, state.size())),
                state);
        writeWhole(journalFile(directory), Frames.header(JOURNAL_MAGIC, new Frames.Header(sequence, 0)), List.of());
        FileChannel old = channel;
        try {
            channel = FileChannel.open(journalFile(directory), READ, WRITE);
        } catch (IOException e) {
            broken = true;
            throw e;
        }
        length = Frames.HEADER;
        old.close();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Writes a file under a temporary name, syncs it, renames it, and syncs the directory. */
    private static void writeWhole(Path file, ByteBuffer header, List<Change> changes) throws IOException {
        Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
        try (FileChannel out = FileChannel.open(temporary, CREATE, TRUNCATE_EXISTING, WRITE)) {
            long at = header.remaining();
            writeFully(out, header, 0);
            for (int i = 0; i < changes.size(); i++) {
                ByteBuffer frame = Frames.frame(i, ChangeCodec.encode(changes.get(i)));
                int size = frame.remaining();
                writeFully(out, frame, at);
                at += size;
            }
            out.force(true);
        }
        Files.move(temporary, file, ATOMIC_MOVE);
        try (FileChannel parent = FileChannel.open(file.resolveSibling("."), READ)) {
            parent.force(true);
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes, long at) throws IOException {
        long position = at;
        while (bytes.hasRemaining()) {
            position += out.write(bytes, position);
        }
    }

    private static Path journalFile(Path directory) {
        return directory.resolve("journal");
    }

    private static Path checkpointFile(Path directory) {
        return directory.resolve("checkpoint");
    }
}
