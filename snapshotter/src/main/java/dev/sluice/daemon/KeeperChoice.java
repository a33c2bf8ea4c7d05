package dev.sluice.daemon;

/** Which keeper the configuration asks for. */
public enum KeeperChoice {
    /** The first of the others that works here. */
    AUTO,
    /** The file descriptor store of the service manager. */
    FD_STORE,
    /** A process of our own. */
    PROCESS,
    NONE
}
