package dev.sluice.ondemand;

import java.io.IOException;

/**
 * Answers in the place of a process that does not come: whoever waits for data, or begins to, gets an I/O error. What is kept stays kept,
 * so that the next process finds everything as the one before has left it. Safe for use by many threads.
 */
public interface Rescue extends AutoCloseable {
    /** The backend whose readers it answers, as in {@link Backend#name}. */
    String name();

    /** Whether nobody waits at this moment. */
    boolean isQuiet() throws IOException;

    /** Answers nobody any more. */
    @Override
    void close() throws IOException;
}
