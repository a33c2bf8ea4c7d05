package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import dev.sluice.install.toml.TomlPlaces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.List;

/**
 * Fuzzes what is written into containerd's configuration: it is refused, or has all that it lacked; and what was written can be taken out
 * again. What imports something from elsewhere is passed over.
 */
public final class InstallFuzz {
    private static final ScratchFile FILE = ScratchFile.named("config.toml");
    private static final Path SOCKET = Path.of("/run/sluice/sluice.sock");
    private static final List<ContainerdVersion> VERSIONS = List.of(
            new ContainerdVersion(1, 6, "1.6"), new ContainerdVersion(1, 7, "1.7"),
            new ContainerdVersion(2, 0, "2.0"), new ContainerdVersion(2, 4, "2.4"));

    private InstallFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        Path file = FILE.with(data);
        try {
            TomlDocument document = ConfigFiles.of(Host.HERE).read(file).orElseThrow();
            TomlPlaces.check(document);
            if (ContainerdConfigurationFuzz.importsFromElsewhere(document.root())) {
                return;
            }
        } catch (InvalidContainerdConfigException e) {
            return;
        }
        for (ContainerdVersion version : VERSIONS) {
            InstallPlanner planner = new InstallPlanner(Host.HERE, file, SOCKET, version);
            try {
                planner.plan(EnumSet.allOf(Requirement.Part.class)).forEach(InstallFuzz::check);
            } catch (InvalidContainerdConfigException e) {
                Require.that(
                        requireNonNull(e.getMessage()).length() <= 2000 + 20 * data.length, "a message without end");
            }
        }
    }

    private static void check(FileChange change) {
        try {
            TomlDocument after = TomlDocument.parse(change.after().orElseThrow());
            TomlDocument back = StepRemoval.remove(after, change.steps()).document();
            if (change.before().isPresent()
                    && !back.text().equals(change.before().get())) {
                Require.equal(
                        back.root(), TomlDocument.parse(change.before().get()).root(), "something was left or lost");
            }
        } catch (TomlException e) {
            throw new AssertionError("what was written cannot be taken out again", e);
        }
    }
}
