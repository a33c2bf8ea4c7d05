package dev.sluice.daemon;

import java.util.Optional;

/** The version of Sluice that runs, from the manifest of its jar. */
public final class Version {
    private Version() {}

    public static String current() {
        return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
                .orElse("unpackaged");
    }
}
