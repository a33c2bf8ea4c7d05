package dev.sluice.daemon;

import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.ProbeResult;
import dev.sluice.ondemand.keeper.FdStoreKeeper;
import dev.sluice.ondemand.keeper.NotifySocket;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import dev.sluice.ondemand.keeper.ProcessKeeperProbe;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Chooses the keeper. */
final class Keepers {
    private static final Logger log = LoggerFactory.getLogger(Keepers.class);

    /** Set by systemd from version 254 on, if the unit has a store: how many files it takes. */
    private static final String CAPACITY = "FDSTORE";

    /**
     * Set in our unit beside {@code FileDescriptorStorePreserve=yes}, which nothing else tells the service of. Without that line the
     * store is emptied when the unit is stopped, which no reader survives; before 254 the line has no effect, and {@code FDSTORE} is missing.
     */
    private static final String PRESERVED = "SLUICE_FD_STORE";

    private static final String YES = "preserved";

    /** For managers that do not tell; systemd refuses what is too much by closing it. */
    private static final int USUAL_CAPACITY = 512;

    private Keepers() {}

    /**
     * Opens the keeper that the configuration names, or with {@code auto} the best that there is, which may be {@link Keeper#NONE}. To be
     * called once in the life of a process.
     *
     * @param root the root directory, locked by this process
     * @param environment of this process
     * @throws IOException if it does not work here; the message says why
     */
    static Keeper open(KeeperChoice choice, Linux linux, Path root, Map<String, String> environment)
            throws IOException {
        Optional<NotifySocket> manager = NotifySocket.of(linux, environment);
        return switch (choice) {
            case AUTO -> first(linux, root, manager, environment);
            case FD_STORE ->
                fdStore(
                        linux,
                        manager.orElseThrow(() ->
                                new IOException("keeper fd-store does not work here: no service manager listens")),
                        environment);
            case PROCESS -> ProcessKeeper.open(linux, root);
            case NONE -> Keeper.NONE;
        };
    }

    private static Keeper fdStore(Linux linux, NotifySocket manager, Map<String, String> environment)
            throws IOException {
        return FdStoreKeeper.open(
                linux,
                manager,
                environment,
                ProcessHandle.current().pid(),
                capacity(environment).orElse(USUAL_CAPACITY));
    }

    /** The process first: when the machine is shut down, systemd closes its store before it kills the last readers. */
    private static Keeper first(Linux linux, Path root, Optional<NotifySocket> manager, Map<String, String> environment)
            throws IOException {
        ProbeResult process = new ProcessKeeperProbe(linux).run();
        if (process.ok()) {
            return ProcessKeeper.open(linux, root);
        }
        if (manager.isPresent() && isPreserved(environment)) {
            return fdStore(linux, manager.get(), environment);
        }
        log.warn("There is no keeper: {}", process.reason());
        return Keeper.NONE;
    }

    private static boolean isPreserved(Map<String, String> environment) {
        return YES.equals(environment.get(PRESERVED)) && capacity(environment).orElse(0) > 0;
    }

    private static Optional<Integer> capacity(Map<String, String> environment) {
        String text = environment.getOrDefault(CAPACITY, "");
        return text.matches("[0-9]{1,9}") ? Optional.of(Integer.valueOf(text)) : Optional.empty();
    }
}
