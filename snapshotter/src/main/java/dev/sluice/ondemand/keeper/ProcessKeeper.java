package dev.sluice.ondemand.keeper;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.keeper.KeeperRecord.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of our own that holds the files: {@code sleep infinity}, in a session and control group of its own, from which the next
 * daemon takes them with {@code pidfd_getfd(2)}. Nothing can be given to a running one, so each change starts another with all files
 * and ends the one before. Safe for use by many threads, one daemon per root directory.
 *
 * <p>The steps of a change, and what the next daemon finds if this one is killed after each:
 *
 * <ol>
 *   <li>a new process is started, which holds all that is to be kept and says so in its environment: the recorded process is
 *       still there and counts, the new one is ended. If the recorded one had died by itself, the new one counts;
 *   <li>it is moved out of the daemon's control group: the same;
 *   <li>it is recorded, in one step: it counts, and the one before is ended;
 *   <li>the one before is ended.
 * </ol>
 *
 * <p>So there is no moment at which nobody but the daemon holds a file that is kept. The last process ends before its record does.
 * A process that dies by itself is replaced.
 */
public final class ProcessKeeper implements Keeper {
    private static final Logger log = LoggerFactory.getLogger(ProcessKeeper.class);

    /** Never to be chosen when memory runs out. */
    private static final String UNKILLABLE = "-1000";

    private final Path recordFile;
    private final KeeperProcesses processes;
    private final StepListener listener;
    private final KeeperWatch watch;
    private KeeperRecord record;

    /** Guarded by this, like all that follows. The values are ours, beside those that callers have. */
    private Map<String, LinuxFile> files = new TreeMap<>();

    private final Set<String> returned = new HashSet<>();
    private @Nullable KeeperProcess current;
    private long sequence;

    /** The steps of a change. */
    enum Step {
        STARTED,
        MOVED,
        RECORDED,
        ENDED
    }

    /** Is told of each step; for tests, which end the daemon there. */
    interface StepListener {
        void done(Step step);
    }

    private ProcessKeeper(
            Linux linux, Path recordFile, KeeperRecord record, KeeperProcesses processes, StepListener listener)
            throws IOException {
        this.recordFile = recordFile;
        this.record = record;
        this.processes = processes;
        this.listener = listener;
        this.watch = KeeperWatch.start(linux, this::replaceDead);
    }

    /**
     * Finds what an earlier daemon left, and ends what of its processes is in excess.
     *
     * @param root the root directory, locked by this process
     * @throws IOException if a file that is kept cannot be taken back; nothing is let go then
     */
    public static ProcessKeeper open(Linux linux, Path root) throws IOException {
        return open(linux, root, step -> {});
    }

    static ProcessKeeper open(Linux linux, Path root, StepListener listener) throws IOException {
        Path recordFile = root.resolve("keeper");
        Optional<KeeperRecord> known = KeeperRecord.read(recordFile);
        KeeperRecord record = known.orElseGet(KeeperRecord::fresh);
        if (known.isEmpty()) {
            // Before the first process: one that is not found by its secret would hold its files for ever.
            record.write(recordFile);
        }
        KeeperProcesses processes = new KeeperProcesses(linux, root, record.secret());
        ProcessKeeper keeper = new ProcessKeeper(linux, recordFile, record, processes, listener);
        try {
            if (known.isPresent()) {
                keeper.adopt();
            }
            return keeper;
        } catch (IOException e) {
            keeper.close();
            throw e;
        }
    }

    private synchronized void adopt() throws IOException {
        Optional<KeeperProcess> recorded =
                record.process().isPresent() ? processes.find(record.process().get()) : Optional.empty();
        List<KeeperProcess> others = new ArrayList<>(processes.findAllBut(
                recorded.map(keeper -> keeper.process().pid()).orElse(0)));
        others.sort(Comparator.comparingLong(KeeperProcess::sequence));
        if (recorded.isPresent()) {
            use(recorded.get());
        } else if (!others.isEmpty()) {
            use(others.remove(others.size() - 1));
        } else if (record.process().isPresent()) {
            log.error(
                    "The keeper, process {}, is gone, and with it what it held",
                    record.process().get().pid());
        }
        for (KeeperProcess other : others) {
            sequence = Math.max(sequence, other.sequence());
            end(other);
        }
    }

    private void use(KeeperProcess process) throws IOException {
        current = process;
        sequence = process.sequence();
        files = process.takeFiles();
        returned.addAll(files.keySet());
        write(Optional.of(process));
        watch.lookAt(Optional.of(process.process()));
    }

    @Override
    public boolean isPresent() {
        return true;
    }

    @Override
    public synchronized Optional<LinuxFile> take(String name) throws IOException {
        LinuxFile file = files.get(name);
        return file != null && returned.remove(name) ? Optional.of(file.duplicate()) : Optional.empty();
    }

    @Override
    public synchronized void keep(String name, LinuxFile file) throws IOException {
        KeptName.requireName(name);
        LinuxFile copy = file.duplicate();
        try {
            Map<String, LinuxFile> next = new TreeMap<>(files);
            next.put(name, copy);
            change(next);
        } catch (IOException | RuntimeException e) {
            copy.close();
            throw e;
        }
    }

    @Override
    public synchronized void forget(String... names) throws IOException {
        Map<String, LinuxFile> next = new TreeMap<>(files);
        if (next.keySet().removeAll(Set.of(names))) {
            change(next);
        }
    }

    /** Lets everything go: for readers that are left, the files end as they do when the daemon and its keeper have died. */
    public synchronized void forgetAll() throws IOException {
        change(new TreeMap<>());
    }

    private void change(Map<String, LinuxFile> next) throws IOException {
        if (next.isEmpty()) {
            endLast();
        } else {
            replaceProcess(next);
        }
        files.forEach((name, file) -> {
            if (next.get(name) != file) {
                file.close();
                returned.remove(name);
            }
        });
        files = next;
    }

    private void replaceProcess(Map<String, LinuxFile> next) throws IOException {
        KeeperProcess before = current;
        KeeperProcess now = processes.start(++sequence, next);
        try {
            listener.done(Step.STARTED);
            protect(now);
            listener.done(Step.MOVED);
            write(Optional.of(now));
        } catch (IOException | RuntimeException e) {
            end(now);
            throw e;
        }
        listener.done(Step.RECORDED);
        current = now;
        watch.lookAt(Optional.of(now.process()));
        if (before != null) {
            try {
                end(before);
            } catch (IOException e) {
                log.warn("Tried to end a former keeper but failed because: {}", e.getMessage());
            }
        }
        listener.done(Step.ENDED);
    }

    private static void protect(KeeperProcess process) throws IOException {
        int pid = process.process().pid();
        try {
            Files.writeString(Path.of("/proc/" + pid + "/oom_score_adj"), UNKILLABLE);
        } catch (IOException e) {
            log.debug("The keeper, process {}, may be killed when memory runs out", pid, e);
        }
        for (String problem : OwnCgroup.moveInto(pid)) {
            log.warn("The keeper, process {}, ends with the daemon's control group: {}", pid, problem);
        }
    }

    private void endLast() throws IOException {
        KeeperProcess before = current;
        current = null;
        watch.lookAt(Optional.empty());
        if (before != null) {
            end(before);
        }
        write(Optional.empty());
        OwnCgroup.remove();
    }

    private static void end(KeeperProcess process) throws IOException {
        process.process().kill();
        process.close();
    }

    private void write(Optional<KeeperProcess> process) throws IOException {
        KeeperRecord next = record.with(
                process.isPresent() ? Identity.of(process.get().process().pid()) : Optional.empty());
        if (!next.equals(record)) {
            next.write(recordFile);
            record = next;
        }
    }

    /** The process died by itself, or somebody has killed it. */
    private synchronized void replaceDead(int pid) throws IOException {
        KeeperProcess dead = current;
        if (dead != null && dead.process().pid() == pid && dead.process().hasEnded()) {
            log.warn("The keeper, process {}, has ended; another one takes its place", pid);
            replaceProcess(files);
        }
    }

    @Override
    public void close() throws IOException {
        watch.close();
        synchronized (this) {
            files.values().forEach(LinuxFile::close);
            files = new TreeMap<>();
            if (current != null) {
                current.close();
                current = null;
            }
        }
    }

    @Override
    public synchronized String toString() {
        return current == null
                ? "process, which holds nothing"
                : "process " + current.process().pid();
    }
}
