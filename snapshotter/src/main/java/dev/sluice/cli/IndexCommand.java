package dev.sluice.cli;

import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.daemon.Runners;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice index}: what is done with indexes of plain layers in registries. */
@Command(name = "index", description = "Manages indexes of plain layers beside their images in registries.")
final class IndexCommand {
    private final Runners.IndexRunner runner;
    private final PrintWriter out;

    IndexCommand(Runners.IndexRunner runner, PrintWriter out) {
        this.runner = runner;
        this.out = out;
    }

    @Command(
            description = {
                "Reads the plain layers of an image once, and keeps on this node what makes them lazy.",
                "Layers that were fetched here before are not read again."
            })
    int create(
            @Parameters(index = "0", paramLabel = "IMAGE", description = "The image, such as registry.local/app:1.")
                    String image,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config)
            throws InvalidConfigException, IOException {
        ImageReference reference = SluiceCommand.image("IMAGE", image);
        runner.create(SluiceCommand.load(config, Map.of()), reference)
                .forEach(layer -> out.println(IndexText.plain(layer)));
        return ExitCode.OK;
    }

    @Command(
            description = {
                "Publishes the indexes of an image beside it, for other nodes, and signs them if",
                "index.signing_key is set. Makes those that are missing."
            })
    int push(
            @Parameters(index = "0", paramLabel = "IMAGE", description = "The image, such as registry.local/app:1.")
                    String image,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config)
            throws InvalidConfigException, IOException {
        ImageReference reference = SluiceCommand.image("IMAGE", image);
        Runners.IndexRunner.Publication published = runner.push(SluiceCommand.load(config, Map.of()), reference);
        published.layers().forEach(layer -> out.println(IndexText.plain(layer)));
        out.println("published as " + published.artifact() + " for manifest " + published.manifest());
        return ExitCode.OK;
    }

    @Command(description = "Lists the indexes of an image, for this machine's platform.")
    int ls(
            @Parameters(index = "0", paramLabel = "IMAGE", description = "The image, such as registry.local/app:1.")
                    String image,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config,
            @Option(names = "--json", description = "As JSON.") boolean json)
            throws InvalidConfigException, IOException {
        ImageReference reference = SluiceCommand.image("IMAGE", image);
        IndexText text = new IndexText(reference, runner.list(SluiceCommand.load(config, Map.of()), reference));
        out.println(json ? text.json() : text.plain());
        return ExitCode.OK;
    }

    @Command(description = "Deletes an index of an image.")
    int rm(
            @Parameters(index = "0", paramLabel = "IMAGE", description = "The image, such as registry.local/app:1.")
                    String image,
            @Parameters(index = "1", paramLabel = "DIGEST", description = "The index, as `sluice index ls` shows it.")
                    String digest,
            @Option(
                            names = "--config",
                            paramLabel = "FILE",
                            description = "The configuration, instead of /etc/sluice/config.toml.")
                    Optional<Path> config)
            throws InvalidConfigException, IOException {
        ImageReference reference = SluiceCommand.image("IMAGE", image);
        Digest artifact;
        try {
            artifact = Digest.parse(digest);
        } catch (IllegalArgumentException e) {
            throw new InvalidConfigException("DIGEST is not a digest: " + e.getMessage(), e);
        }
        runner.remove(SluiceCommand.load(config, Map.of()), reference, artifact);
        return ExitCode.OK;
    }
}
