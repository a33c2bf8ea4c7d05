package dev.sluice.mount;

import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;

/** What failures say. */
final class Failures {
    private Failures() {}

    /** What a future failed of. */
    static Throwable root(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof ExecutionException || cause instanceof CompletionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    static String message(Throwable failure) {
        return failure.getMessage() == null ? failure.toString() : failure.getMessage();
    }
}
