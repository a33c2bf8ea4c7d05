package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Errno;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** Reads requests until it is told to stop. Several loops share one open file. */
final class RequestLoop {
    private static final int FOREVER = -1;
    private static final int RECHECK_MILLIS = 500;
    private static final int STOP = 1;

    private final LinuxFile device;
    private final Poller poller;
    private final RequestHandler handler;
    private final Reads reads;
    private final Unanswered unanswered;
    private final int number;
    private final ByteBuffer request;

    /**
     * @param device non-blocking
     * @param stop ends the loop when it is readable
     * @param number of this loop, from 0; no other one has it
     */
    RequestLoop(
            Linux linux,
            LinuxFile device,
            EventFd stop,
            RequestHandler handler,
            Reads reads,
            Unanswered unanswered,
            int number) {
        this.device = device;
        this.poller = linux.poller(List.of(device, stop.file()));
        this.handler = handler;
        this.reads = reads;
        this.unanswered = unanswered;
        this.number = number;
        this.request = unanswered.landing(number);
    }

    /** @throws IOException if requests cannot be read any more, with ENODEV because the mount is gone */
    void run() throws IOException {
        while (waitForRequest()) {
            readRequests();
        }
    }

    private boolean waitForRequest() throws IOException {
        boolean watching = reads.hasSignalled();
        poller.await(watching ? RECHECK_MILLIS : FOREVER);
        if (watching) {
            reads.giveUpKilled();
        }
        return !poller.isReadable(STOP);
    }

    /** Takes what is there. Another loop may have been faster, so there may be nothing. */
    private void readRequests() throws IOException {
        while (true) {
            int length;
            try {
                length = device.readIfReady(request.clear());
            } catch (LinuxException e) {
                if (e.is(Errno.ENOENT)) {
                    // The request was given up while the kernel copied it.
                    continue;
                }
                throw e;
            }
            if (length <= 0) {
                return;
            }
            handler.handle(request, length);
            unanswered.clearLanding(number);
        }
    }
}
