package dev.sluice.daemon;

/** How much is logged; each level contains the ones before it. */
public enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE
}
