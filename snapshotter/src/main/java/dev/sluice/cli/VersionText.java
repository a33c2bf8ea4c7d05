package dev.sluice.cli;

import dev.sluice.daemon.Version;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints. */
final class VersionText implements IVersionProvider {
    @Override
    public String[] getVersion() {
        return new String[] {"sluice " + Version.current()};
    }
}
