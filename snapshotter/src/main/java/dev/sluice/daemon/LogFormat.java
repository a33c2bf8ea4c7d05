package dev.sluice.daemon;

/** How a line of the log looks. */
public enum LogFormat {
    /** For people. */
    TEXT,
    /** One JSON object per line, for what collects logs. */
    JSON
}
