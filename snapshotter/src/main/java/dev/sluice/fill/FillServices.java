package dev.sluice.fill;

import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all layers of an engine share. */
record FillServices(
        FillOptions options,
        FetchScheduler scheduler,
        DecodePool decoding,
        BufferPool buffers,
        StagingBuffers staging,
        Checkpointer checkpointer) {
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
