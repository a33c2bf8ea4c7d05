package dev.sluice.daemon;

import dev.sluice.linux.Linux;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.nio.file.Path;

/** What the commands of {@code sluice} do. */
public final class Commands {
    private Commands() {}

    public static Runners runners() {
        return new Runners(
                Daemon::run,
                Commands::mount,
                Commands::unmount,
                Commands::status,
                Commands::examine,
                RescueRun::run,
                new IndexCommands());
    }

    private static void mount(Config config, ImageReference reference, Path directory) throws IOException {
        try (AdminClient client = new AdminClient(config.admin())) {
            if (client.answers()) {
                client.mount(reference.toString(), directory);
                return;
            }
        }
        ForegroundMount.run(config, reference, directory);
    }

    private static void unmount(Config config, Path directory) throws IOException {
        try (AdminClient client = new AdminClient(config.admin())) {
            client.unmount(directory);
        }
    }

    private static StatusReport status(Config config) throws IOException {
        try (AdminClient client = new AdminClient(config.admin())) {
            return client.status();
        }
    }

    private static DoctorReport examine(Config config, Path containerdConfig) throws IOException {
        return new Doctor(Linux.load()).examine(config, containerdConfig);
    }
}
