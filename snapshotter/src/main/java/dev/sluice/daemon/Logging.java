package dev.sluice.daemon;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import java.util.Iterator;
import org.slf4j.LoggerFactory;

/** Applies what the configuration says; everything else about the log stands in {@code logback.xml}. */
public final class Logging {
    private Logging() {}

    /**
     * Sets how much Sluice itself logs, and how lines look. The libraries stay at their warnings.
     *
     * @param format {@link LogFormat#TEXT} changes nothing
     */
    public static void apply(LogLevel level, LogFormat format) {
        if (LoggerFactory.getLogger("dev.sluice") instanceof Logger logger) {
            logger.setLevel(Level.valueOf(level.name()));
            if (format == LogFormat.JSON) {
                json(logger.getLoggerContext());
            }
        }
    }

    private static void json(LoggerContext context) {
        Iterator<Appender<ILoggingEvent>> appenders =
                context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
        while (appenders.hasNext()) {
            if (appenders.next() instanceof OutputStreamAppender<ILoggingEvent> appender) {
                appender.stop();
                JsonEncoder encoder = new JsonEncoder();
                encoder.setContext(context);
                encoder.setWithSequenceNumber(false);
                encoder.setWithContext(false);
                encoder.setWithNanoseconds(false);
                encoder.setWithFormattedMessage(true);
                encoder.setWithMessage(false);
                encoder.setWithArguments(false);
                encoder.start();
                appender.setEncoder(encoder);
                appender.start();
            }
        }
    }
}
