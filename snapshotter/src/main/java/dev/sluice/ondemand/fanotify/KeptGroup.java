package dev.sluice.ondemand.fanotify;

import dev.sluice.linux.FanotifyGroup;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.Keeper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The group and its journal, both of which somebody else keeps too.
 *
 * @param takenOver whether they are of a process before us; if not, no mount of an earlier process waits for anybody
 */
record KeptGroup(FanotifyGroup group, Journal journal, boolean takenOver) {
    static final String GROUP = "fanotify-group";
    static final String JOURNAL = "fanotify-journal";

    private static final Logger log = LoggerFactory.getLogger(KeptGroup.class);

    /**
     * Takes over what the process before has left, or begins anew.
     *
     * @param openFiles the most files that this process, or the one before, may have open
     * @throws IOException if nobody keeps them, or the kernel knows no such groups
     */
    static KeptGroup open(Linux linux, Keeper keeper, long openFiles) throws IOException {
        if (!keeper.isPresent()) {
            throw new IOException(
                    "nobody keeps the fanotify group while Sluice is dead, and without it containers would read zeros");
        }
        Optional<KeptGroup> kept = takeOver(linux, keeper, openFiles);
        return kept.isPresent() ? kept.get() : create(linux, keeper);
    }

    /** Takes over what the process before has left; empty if it has left nothing. */
    static Optional<KeptGroup> takeOver(Linux linux, Keeper keeper, long openFiles) throws IOException {
        Optional<LinuxFile> kept = keeper.take(GROUP);
        return kept.isPresent()
                ? Optional.of(takeOver(linux, keeper, linux.fanotifyGroup(kept.get()), openFiles))
                : Optional.empty();
    }

    /** Whether nobody can be waiting, now or later. */
    boolean isUnused() throws IOException {
        return journal.size() == 0 && group.marks().isEmpty();
    }

    /** Ends the keeping. */
    void letGo(Keeper keeper) throws IOException {
        keeper.forget(GROUP, JOURNAL);
    }

    private static KeptGroup create(Linux linux, Keeper keeper) throws IOException {
        FanotifyGroup group = linux.fanotifyGroup();
        try {
            // The journal first: a group that is kept without one would have to be swept.
            Journal journal = newJournal(linux, keeper);
            keeper.keep(GROUP, group.file());
            return new KeptGroup(group, journal, false);
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
    }

    private static KeptGroup takeOver(Linux linux, Keeper keeper, FanotifyGroup group, long openFiles)
            throws IOException {
        try {
            Optional<Journal> journal = keptJournal(keeper);
            if (journal.isPresent()) {
                return new KeptGroup(group, journal.get(), true);
            }
            denyAll(group, openFiles);
            return new KeptGroup(group, newJournal(linux, keeper), true);
        } catch (IOException | RuntimeException e) {
            group.close();
            throw e;
        }
    }

    private static Optional<Journal> keptJournal(Keeper keeper) throws IOException {
        Optional<LinuxFile> kept = keeper.take(JOURNAL);
        if (kept.isEmpty()) {
            log.warn("The fanotify group was kept without its journal");
            return Optional.empty();
        }
        try (LinuxFile file = kept.get()) {
            return Optional.of(Journal.open(file));
        } catch (IOException e) {
            log.warn("The journal of the fanotify group is of no use: {}", e.getMessage());
            return Optional.empty();
        }
    }

    private static Journal newJournal(Linux linux, Keeper keeper) throws IOException {
        try (LinuxFile file = Journal.createFile(linux)) {
            keeper.keep(JOURNAL, file);
            return Journal.open(file);
        }
    }

    /** Nobody knows which numbers wait: all of them get an error. */
    private static void denyAll(FanotifyGroup group, long openFiles) throws IOException {
        ByteBuffer response = ByteBuffer.allocateDirect(Protocol.Response.SIZE).order(ByteOrder.nativeOrder());
        response.putInt(Protocol.Response.RESPONSE, Protocol.DENY_EIO);
        int denied = 0;
        for (int fd = 0; fd < openFiles; fd++) {
            response.putInt(Protocol.Response.FD, fd);
            while (group.answer(response.clear())) {
                denied++;
            }
        }
        log.warn("{} readers that waited get an I/O error", denied);
    }
}
