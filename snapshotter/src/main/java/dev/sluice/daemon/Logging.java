package dev.sluice.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** Applies the configured level; everything else about the log stands in {@code logback.xml}. */
public final class Logging {
    private Logging() {}

    /** Sets how much Sluice itself logs. The libraries stay at their warnings. */
    public static void apply(LogLevel level) {
        if (LoggerFactory.getLogger("dev.sluice") instanceof Logger logger) {
            logger.setLevel(Level.valueOf(level.name()));
        }
    }
}
