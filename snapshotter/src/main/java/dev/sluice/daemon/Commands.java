package dev.sluice.daemon;

import dev.sluice.containerd.ContainerdClient;
import dev.sluice.image.ImageResolver;
import dev.sluice.linux.Linux;
import dev.sluice.mount.ImageExplainer;
import dev.sluice.mount.LayerExplanation;
import dev.sluice.mount.PlainSettings;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Platform;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

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
                new CleanupRun(),
                new IndexCommands(),
                Commands::explain,
                new NodeCommands(),
                new InstallCommands());
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

    private static List<LayerExplanation> explain(Config config, ImageReference image) throws IOException {
        try (CredentialSources credentials = CredentialSources.open(config);
                RegistryClient registry =
                        new RegistryClient(Settings.registry(config.registry()), credentials.chain());
                ContainerdClient containerd = new ContainerdClient(config.containerd())) {
            Path root = Files.createDirectories(config.root());
            PlainSettings plain = PlainLayerSettings.of(config, Linux.load(), root, registry);
            return ImageExplainer.open(root, LayerRuntime.formats(), plain, registry)
                    .explain(new ImageResolver(containerd, registry, Settings.hosts(config.registry()))
                            .resolveReference(image, Platform.linuxHere()));
        }
    }

    private static DoctorReport examine(Config config, Path containerdConfig) throws IOException {
        return new Doctor(Linux.load()).examine(config, containerdConfig);
    }
}
