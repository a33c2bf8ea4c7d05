package dev.sluice.daemon;

import java.util.Locale;

/** Which backend the configuration asks for. */
public enum BackendChoice {
    /** The first of the others that its probe proves on this machine. */
    AUTO,
    CACHEFILES,
    FANOTIFY,
    FUSE;

    /** As in the configuration. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
