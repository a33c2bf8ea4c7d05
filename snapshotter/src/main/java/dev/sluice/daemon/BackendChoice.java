package dev.sluice.daemon;

/** Which backend the configuration asks for. */
public enum BackendChoice {
    /** The first of the others that its probe proves on this machine. */
    AUTO,
    CACHEFILES,
    FANOTIFY,
    FUSE
}
