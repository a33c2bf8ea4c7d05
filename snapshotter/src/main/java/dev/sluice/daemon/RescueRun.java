package dev.sluice.daemon;

import dev.sluice.fill.BootId;
import dev.sluice.linux.Linux;
import dev.sluice.ondemand.Keeper;
import dev.sluice.ondemand.Rescue;
import dev.sluice.ondemand.fanotify.FanotifyRescue;
import dev.sluice.ondemand.fuse.FuseRescue;
import dev.sluice.ondemand.keeper.ProcessKeeper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@code sluice rescue}: fails what waits for a daemon that does not come. */
final class RescueRun {
    private static final Logger log = LoggerFactory.getLogger(RescueRun.class);

    private static final long INTERVAL_MILLIS = 100;
    /** In a row. A reader that was let go may read on and wait again, so that it may never be quiet for long. */
    private static final int QUIET = 3;

    private static final Duration ONCE_AT_MOST = Duration.ofMinutes(1);

    private RescueRun() {}

    /**
     * Fails what waits.
     *
     * @param once whether to end then; else whoever comes fails, too, until the process gets SIGTERM or SIGINT
     * @throws IOException if a daemon is running, or nobody but it can have what is kept
     */
    static void run(Config config, boolean once) throws IOException {
        try (ShutdownSignal signal = ShutdownSignal.listen();
                Closing closing = new Closing()) {
            List<Rescue> rescues = start(config, closing);
            if (rescues.isEmpty()) {
                log.info("The keeper holds nothing that anybody could wait for");
                return;
            }
            for (Rescue rescue : rescues) {
                log.warn("Readers that wait for data, backend {}, get I/O errors now", rescue.name());
            }
            if (once) {
                awaitQuiet(rescues, signal);
            } else {
                signal.await();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }

    private static List<Rescue> start(Config config, Closing closing) throws IOException {
        if (!Files.isDirectory(config.root())) {
            throw new IOException("there is no root directory " + config.root());
        }
        Linux linux = Linux.load();
        Path root = closing.add(lock(config)).path();
        Keeper keeper = closing.add(keeper(config, linux, root));
        List<Rescue> rescues = new ArrayList<>();
        for (Optional<Rescue> rescue : List.of(
                FanotifyRescue.start(linux, BootId.current(), keeper),
                FuseRescue.start(linux, root.resolve("fuse"), BootId.current(), keeper))) {
            if (rescue.isPresent()) {
                rescues.add(closing.add(rescue.get()));
            }
        }
        return rescues;
    }

    private static RootDirectory lock(Config config) throws IOException {
        try {
            return RootDirectory.open(config.root());
        } catch (IOException e) {
            try (AdminClient client = new AdminClient(config.admin())) {
                if (client.answers()) {
                    throw new IOException("a daemon is running, which answers readers itself", e);
                }
            }
            throw e;
        }
    }

    private static Keeper keeper(Config config, Linux linux, Path root) throws IOException {
        return switch (config.keeper()) {
            case AUTO, PROCESS -> ProcessKeeper.open(linux, root);
            case FD_STORE ->
                throw new IOException(
                        "with keeper fd-store the service manager gives what it holds to the daemon only");
            case NONE -> Keeper.NONE;
        };
    }

    private static void awaitQuiet(List<Rescue> rescues, ShutdownSignal signal)
            throws IOException, InterruptedException {
        long end = System.nanoTime() + ONCE_AT_MOST.toNanos();
        int quiet = 0;
        while (quiet < QUIET && System.nanoTime() - end < 0 && !signal.await(INTERVAL_MILLIS, TimeUnit.MILLISECONDS)) {
            boolean all = true;
            for (Rescue rescue : rescues) {
                all &= rescue.isQuiet();
            }
            quiet = all ? quiet + 1 : 0;
        }
    }
}
