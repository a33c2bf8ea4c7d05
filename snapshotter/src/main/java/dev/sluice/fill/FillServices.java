package dev.sluice.fill;

import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What all layers of an engine share.
 *
 * @param nanoTime as {@link System#nanoTime}
 */
record FillServices(
        FillOptions options,
        FetchScheduler scheduler,
        DecodePool decoding,
        BufferPool buffers,
        StagingBuffers staging,
        Checkpointer checkpointer,
        LongSupplier nanoTime) {
    private static final Logger LOG = LoggerFactory.getLogger(FillServices.class);

    /** Decodes later, or never if the engine is closed; then nobody waits any more. */
    void decode(Priority priority, Runnable work, Runnable otherwise) {
        try {
            decoding.execute(priority, work);
        } catch (RejectedExecutionException e) {
            LOG.debug("closed meanwhile", e);
            otherwise.run();
        }
    }
}
