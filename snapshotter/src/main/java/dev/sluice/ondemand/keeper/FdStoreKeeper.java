package dev.sluice.ondemand.keeper;

import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.Keeper;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file descriptor store of the service manager that started us: {@code FDSTORE=1} of {@code sd_notify(3)}. A file is handed over as
 * it comes, and comes back with the next start. Safe for use by many threads.
 *
 * <p>Files that the manager passes under names which are not ours are left open and untouched, since whoever configured them wants
 * something of them; a file of ours that nobody takes stays open too, because closing it might let its readers go on without data.
 */
public final class FdStoreKeeper implements Keeper {
    private static final Logger log = LoggerFactory.getLogger(FdStoreKeeper.class);

    private final NotifySocket manager;
    private final int capacity;
    /** What the manager holds, by the owner's name; guarded by this. */
    private final Map<String, KeptName> kept = new HashMap<>();
    /** What has come back and nobody has taken, by the owner's name; guarded by this. */
    private final Map<String, LinuxFile> returned = new HashMap<>();

    private FdStoreKeeper(NotifySocket manager, int capacity) {
        this.manager = manager;
        this.capacity = capacity;
    }

    /**
     * Takes over what the manager passed to us. To be called once in the life of a process.
     *
     * @param environment of this process
     * @param pid of this process
     * @param capacity how many files the manager stores
     * @throws IOException if the manager does not answer, or the environment contradicts itself
     */
    public static FdStoreKeeper open(
            Linux linux, NotifySocket manager, Map<String, String> environment, long pid, int capacity)
            throws IOException {
        FdStoreKeeper keeper = new FdStoreKeeper(manager, capacity);
        for (PassedFiles.Named passed : PassedFiles.take(linux, environment, pid)) {
            Optional<KeptName> name = KeptName.parse(passed.name());
            if (name.isPresent()) {
                keeper.add(name.get(), passed.file());
            } else {
                log.info("The service manager passed {}, which is not ours", passed.name());
            }
        }
        return keeper;
    }

    /** Of two generations the older one was about to be let go when the process before died. */
    private synchronized void add(KeptName name, LinuxFile file) throws IOException {
        KeptName other = kept.get(name.name());
        if (other == null) {
            kept.put(name.name(), name);
            returned.put(name.name(), file);
        } else if (other.generation() < name.generation()) {
            kept.put(name.name(), name);
            LinuxFile stale = returned.put(name.name(), file);
            letGo(other, stale == null ? Optional.empty() : Optional.of(stale));
        } else if (other.generation() > name.generation()) {
            letGo(name, Optional.of(file));
        } else {
            log.warn("The service manager passed {} twice; the second one is not used", name);
            file.close();
        }
    }

    private void letGo(KeptName name, Optional<LinuxFile> file) throws IOException {
        file.ifPresent(LinuxFile::close);
        manager.remove(name.toString());
    }

    @Override
    public boolean isPresent() {
        return true;
    }

    @Override
    public synchronized Optional<LinuxFile> take(String name) {
        return Optional.ofNullable(returned.remove(name));
    }

    @Override
    public synchronized void keep(String name, LinuxFile file) throws IOException {
        KeptName.requireName(name);
        KeptName before = kept.get(name);
        if (kept.size() + 1 > capacity) {
            throw new IOException(
                    "Tried to keep " + name + " but the service manager stores no more than " + capacity + " files");
        }
        KeptName now = before == null ? new KeptName(name, 0) : before.next();
        try {
            manager.store(now.toString(), file);
        } catch (IOException e) {
            removeAfter(now, e);
            throw e;
        }
        kept.put(name, now);
        if (before != null) {
            letGo(before, Optional.ofNullable(returned.remove(name)));
        }
    }

    @Override
    public synchronized void forget(String... names) throws IOException {
        for (String name : names) {
            KeptName before = kept.get(name);
            if (before != null) {
                letGo(before, Optional.ofNullable(returned.remove(name)));
                kept.remove(name);
            }
        }
    }

    @Override
    public synchronized void close() {
        returned.values().forEach(LinuxFile::close);
        returned.clear();
    }

    /** What may have been stored in spite of a failure must not be taken for the current one after a restart. */
    private void removeAfter(KeptName name, IOException failure) {
        try {
            manager.remove(name.toString());
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    @Override
    public String toString() {
        return "fd-store of the " + manager;
    }
}
