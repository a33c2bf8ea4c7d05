package dev.sluice.ondemand.fanotify;

import dev.sluice.fill.BootId;
import dev.sluice.fill.DataDevice;
import dev.sluice.fill.LayerFill;
import dev.sluice.fill.SparseFileDevice;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.Poller;
import dev.sluice.ondemand.Backend;
import dev.sluice.ondemand.ErofsMounter;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.LayerFiles;
import dev.sluice.ondemand.LayerSource;
import dev.sluice.ondemand.ReadCounters;
import dev.sluice.ondemand.ReadStatistics;
import dev.sluice.ondemand.ServingThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Layers whose data device is a sparse file that EROFS reads itself. While a layer is incomplete its file carries a mark: who reads a cold page
 * waits in the kernel until the range is filled. A complete layer has no mark and needs nobody.
 *
 * <p>Only with a keeper: if nobody had the group any more, the kernel would let readers have the zeros of what is not filled yet. For the
 * same reason nothing here ever takes the mark off an incomplete layer; it goes with its file.
 *
 * <p>Safe for use by many threads. No thread that fills devices or reads events may open, stat or read what is mounted from here.
 */
public final class FanotifyBackend implements Backend {
    private static final Logger log = LoggerFactory.getLogger(FanotifyBackend.class);

    /** Events, layers, sockets, jars. */
    private static final long OPEN_FILES = 65536;

    private static final Pattern NAME = Pattern.compile("[0-9a-f]{1,64}");

    private final Linux linux;
    private final FanotifyOptions options;
    private final ErofsMounter erofs;
    private final BootId bootId;
    private final KeptGroup kept;
    private final Keeper keeper;
    private final EventFd stop;
    private final DataFiles files;
    private final Answers answers;
    private final Completion completion;
    private final Fills fills;
    private final LeftEvents left;
    private final Map<String, DataFiles.Opened> opened = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Object changes = new Object();
    private volatile Optional<String> failure = Optional.empty();
    private final ReadCounters reads = new ReadCounters();
    private final List<AutoCloseable> started = new ArrayList<>();

    /** Replaced under {@link #changes}, read without. */
    private volatile LayerTable layers = LayerTable.EMPTY;

    private boolean closed;

    private FanotifyBackend(
            Linux linux,
            FanotifyOptions options,
            ErofsMounter erofs,
            BootId bootId,
            KeptGroup kept,
            Keeper keeper,
            EventFd stop) {
        this.linux = linux;
        this.options = options;
        this.erofs = erofs;
        this.bootId = bootId;
        this.kept = kept;
        this.keeper = keeper;
        this.stop = stop;
        this.files = new DataFiles(linux);
        this.answers = new Answers(kept.group(), kept.journal(), reads);
        this.completion = new Completion(kept.group());
        this.fills = new Fills(answers, completion);
        this.left = new LeftEvents(kept.group(), answers, fills, kept.journal().left());
    }

    /**
     * Takes the group of the process before over, or makes one. Reads nothing before {@link #resume}.
     *
     * @param erofs mounts layers on their files
     * @param bootId of the running kernel
     * @param keeper has the group while we are dead
     * @throws IOException if there is no keeper, or the kernel cannot do it
     */
    public static FanotifyBackend start(
            Linux linux, FanotifyOptions options, ErofsMounter erofs, BootId bootId, Keeper keeper) throws IOException {
        long openFiles = linux.raiseOpenFileLimit(OPEN_FILES);
        KeptGroup kept = KeptGroup.open(linux, keeper, Math.max(openFiles, OPEN_FILES));
        return on(kept, linux, options, erofs, bootId, keeper);
    }

    /** Like {@link #start}, but empty if there is no group of a process before. */
    static Optional<FanotifyBackend> takeOver(
            Linux linux, FanotifyOptions options, ErofsMounter erofs, BootId bootId, Keeper keeper) throws IOException {
        long openFiles = linux.raiseOpenFileLimit(OPEN_FILES);
        Optional<KeptGroup> kept = KeptGroup.takeOver(linux, keeper, Math.max(openFiles, OPEN_FILES));
        return kept.isPresent() ? Optional.of(on(kept.get(), linux, options, erofs, bootId, keeper)) : Optional.empty();
    }

    private static FanotifyBackend on(
            KeptGroup kept, Linux linux, FanotifyOptions options, ErofsMounter erofs, BootId bootId, Keeper keeper)
            throws IOException {
        try {
            return new FanotifyBackend(linux, options, erofs, bootId, kept, keeper, linux.eventFd());
        } catch (IOException | RuntimeException e) {
            kept.group().close();
            throw e;
        }
    }

    @Override
    public String name() {
        return "fanotify";
    }

    @Override
    public boolean hasTakenOver() {
        return kept.takenOver();
    }

    @Override
    public DataDevice openDevice(String name, LayerFiles layerFiles, long size) throws IOException {
        return SparseFileDevice.open(linux, layerFiles.data(), layerFiles.present(), size, bootId, path -> {
            DataFiles.Opened file = files.open(path);
            opened.put(name, file);
            return file.file();
        });
    }

    @Override
    public AttachedDevice attach(String name, LayerFiles layerFiles, LayerFill fill) throws IOException {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("not up to 64 hexadecimal digits: " + name);
        }
        DataFiles.Opened file = opened.get(name);
        if (file == null) {
            throw new IOException("Tried to attach " + name + " but its device is not open");
        }
        ServedLayer layer = new ServedLayer(name, file.inode(), file.file(), layerFiles.marked(), fill);
        synchronized (changes) {
            if (closed) {
                throw new IOException("Tried to attach " + name + " but nobody answers events any more");
            }
            ServedLayer other = layers.get(layer.inode());
            if (other != null) {
                throw new IOException("Tried to attach " + name + " but " + other.name() + " is attached");
            }
            // Before the mark, which brings events.
            layers = layers.with(layer);
        }
        try {
            if (!unmarkIfComplete(layer)) {
                Files.writeString(layerFiles.marked(), bootId.value().toString());
                kept.group().mark(file.file());
            }
            return new Attached(layer, layerFiles);
        } catch (IOException | RuntimeException e) {
            detach(layer);
            throw e;
        }
    }

    /** How many events were read and not answered. */
    int unanswered() {
        return kept.journal().size();
    }

    /** Whether every event was answered. */
    boolean isQuiet() throws IOException {
        Poller poller = linux.poller(List.of(kept.group().file()));
        poller.await(0);
        return !poller.isReadable(0) && unanswered() == 0;
    }

    /** {@inheritDoc} Reads events from now on. */
    @Override
    public void resume(LayerSource source) throws IOException {
        synchronized (changes) {
            if (closed || !threads.isEmpty()) {
                throw new IllegalStateException("closed, or resumed before");
            }
            UnknownLayers unknown = new UnknownLayers(linux, kept.group(), source, () -> layers);
            started.add(unknown);
            for (int i = 0; i < options.threads(); i++) {
                EventLoop loop = new EventLoop(linux, kept.group(), stop, kept.journal(), left, newHandler(unknown));
                Thread thread = new Thread(() -> run(loop), "fanotify-" + i);
                thread.setDaemon(true);
                threads.add(thread);
                thread.start();
            }
            completion.watch(() -> layers.all(), options.completionInterval());
            if (left.count() > 0) {
                log.info("{} reads that the process before has left are filled now", left.count());
            }
            left.settle(unknown, slot -> newHandler(unknown).handle(slot, slot.eventLength()));
        }
    }

    @Override
    public Optional<String> failure() {
        return failure;
    }

    @Override
    public ReadStatistics reads() {
        return reads.snapshot();
    }

    @Override
    public long bytesElsewhere(String name) {
        return 0;
    }

    /** {@inheritDoc} There is no such thing; the mark goes with the data file. */
    @Override
    public void discard(String name) {
        opened.remove(name);
    }

    /**
     * Stops reading and answering. Who waits goes on waiting for the next process, as the group is kept; so call it before layers are
     * closed and their fills fail. If no file is marked any more, nobody ever will wait, and nothing is kept.
     */
    @Override
    public void close() throws IOException {
        synchronized (changes) {
            if (closed) {
                return;
            }
            closed = true;
        }
        files.close();
        stop.signal();
        ServingThreads.join(threads);
        completion.close();
        try {
            if (kept.isUnused()) {
                kept.letGo(keeper);
            }
        } finally {
            kept.group().close();
        }
        for (AutoCloseable part : started) {
            try {
                part.close();
            } catch (Exception e) {
                throw new IOException("Tried to stop but failed because: " + e.getMessage(), e);
            }
        }
        stop.close();
    }

    private EventHandler newHandler(UnknownLayers unknown) {
        return new EventHandler(() -> layers, files, unknown, fills, answers, linux.inodeReader(), reads);
    }

    private void run(EventLoop loop) {
        try {
            loop.run();
        } catch (InterruptedException e) {
            log.error("A thread that reads events was interrupted and ends", e);
        } catch (IOException | RuntimeException | Error e) {
            // Closing the group would let readers have zeros. They wait; a restart helps them.
            log.error("A thread that reads events ends, readers may wait until the daemon is restarted", e);
            failure = Optional.of("a thread that reads events has ended because of " + e);
        }
    }

    private boolean unmarkIfComplete(ServedLayer layer) {
        try {
            return completion.unmark(layer);
        } catch (IOException e) {
            log.warn("Layer {} is complete but cannot be made durable: {}", layer.name(), e.toString());
            return false;
        }
    }

    private void detach(ServedLayer layer) {
        synchronized (changes) {
            layers = layers.without(layer);
        }
    }

    private final class Attached implements AttachedDevice {
        private final ServedLayer layer;
        private final LayerFiles layerFiles;

        Attached(ServedLayer layer, LayerFiles layerFiles) {
            this.layer = layer;
            this.layerFiles = layerFiles;
        }

        @Override
        public void mount(Path metadata, Path target) throws IOException {
            erofs.mount(metadata, layerFiles.data(), target);
        }

        @Override
        public void onWritable(Runnable action) {
            action.run();
        }

        /** The mark stays: something may still be mounted, and must get errors rather than zeros. */
        @Override
        public void close() {
            detach(layer);
        }
    }
}
