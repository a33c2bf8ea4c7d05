package dev.sluice.cli;

import dev.sluice.daemon.Config;
import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.install.ContainerdVersion;
import dev.sluice.install.Host;
import dev.sluice.install.InstallTarget;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * From the options of {@code sluice install} to what is meant.
 *
 * @param root of the host
 * @param file containerd's configuration, as the host sees it
 * @param config Sluice's, as the host sees it, if it is not the usual one
 */
record InstallOptions(Path root, Path file, Optional<Path> config) {
    private static final Path USUAL = Path.of("/etc/sluice/config.toml");

    InstallTarget target(
            Optional<Path> address, Optional<Path> containerd, Optional<Path> binary, Optional<String> version)
            throws InvalidConfigException, IOException {
        Path directory = SluiceCommand.absolute(root);
        if (!Files.isDirectory(directory)) {
            throw new InvalidConfigException("--root-directory is no directory: " + directory);
        }
        Host host = new Host(directory);
        Path configuration = host.find(path(host, config.orElse(USUAL)));
        Map<String, String> options = new HashMap<>();
        address.ifPresent(path -> options.put("address", path(host, path).toString()));
        containerd.ifPresent(path -> options.put("containerd", path(host, path).toString()));
        boolean read = config.isPresent() || Files.exists(configuration);
        Config loaded = SluiceCommand.loadOnly(read ? Optional.of(configuration) : Optional.empty(), options);
        return new InstallTarget(
                host,
                path(host, file),
                loaded.address(),
                loaded.containerd(),
                binary.map(path -> path(host, path)),
                version(version),
                loaded.root());
    }

    private static Optional<ContainerdVersion> version(Optional<String> text) throws InvalidConfigException {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<ContainerdVersion> version = ContainerdVersion.parse(text.get());
        if (version.isEmpty()) {
            throw new InvalidConfigException("--containerd-version is no version such as 1.7: " + text.get());
        }
        return version;
    }

    /** On another host nobody works in a directory. */
    private static Path path(Host host, Path path) {
        return host.isHere()
                ? SluiceCommand.absolute(path)
                : Path.of("/").resolve(path).normalize();
    }
}
