package dev.sluice.ondemand.cachefiles;

import dev.sluice.linux.Errno;
import dev.sluice.linux.EventFd;
import dev.sluice.linux.Linux;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.linux.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads messages until it is told to stop. Several loops share one open file. */
final class RequestLoop {
    private static final Logger log = LoggerFactory.getLogger(RequestLoop.class);

    private static final int FOREVER = -1;
    private static final int STOP = 1;

    private final LinuxFile device;
    private final Poller poller;
    private final Handler handler;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Protocol.BUFFER).order(ByteOrder.nativeOrder());
    private final Message message = new Message(buffer);

    /** Takes messages; none of its methods may wait for data. Called by several loops at once. */
    interface Handler {
        /** Has to answer the OPEN, now or later; the descriptor is the handler's. */
        void open(int messageId, int objectId, int fd, String volumeKey, String cookieKey);

        /** An OPEN that names nothing; the descriptor is the handler's. */
        void malformedOpen(int messageId, int fd);

        /** Has to answer the READ, now or later. */
        void read(int messageId, int objectId, long offset, long bytes);

        /** A READ of no possible range; has to be answered, too. */
        void malformedRead(int messageId, int objectId);

        void close(int objectId);
    }

    /** @param stop ends the loop when it is readable */
    RequestLoop(Linux linux, LinuxFile device, EventFd stop, Handler handler) {
        this.device = device;
        this.poller = linux.poller(List.of(device, stop.file()));
        this.handler = handler;
    }

    /** @throws IOException if messages cannot be read any more */
    void run() throws IOException {
        while (true) {
            poller.await(FOREVER);
            if (poller.isReadable(STOP)) {
                return;
            }
            readMessages();
        }
    }

    /** Takes what is there. Another loop may have been faster, so there may be nothing. */
    private void readMessages() throws IOException {
        while (true) {
            int length;
            try {
                length = device.read(buffer.clear());
            } catch (LinuxException e) {
                if (!failedOneRequest(e)) {
                    throw e;
                }
                log.error("The kernel gave up a request because: {}", e.getMessage());
                continue;
            }
            if (length == 0) {
                return;
            }
            handle(length);
        }
    }

    /** Whether the kernel has failed the request that it was about to hand out, and the next one can be read. */
    private static boolean failedOneRequest(LinuxException e) {
        return e.is(Errno.EMFILE) || e.is(Errno.ENFILE) || e.is(Errno.ENOMEM) || e.is(Errno.EEXIST);
    }

    private void handle(int length) {
        switch (message.parse(length)) {
            case OPEN ->
                handler.open(message.id(), message.objectId(), message.fd(), message.volumeKey(), message.cookieKey());
            case READ -> handler.read(message.id(), message.objectId(), message.offset(), message.bytes());
            case CLOSE -> handler.close(message.objectId());
            case MALFORMED_OPEN -> {
                log.error("The kernel sent an OPEN whose keys are not as long as it says");
                handler.malformedOpen(message.id(), message.fd());
            }
            case MALFORMED_READ -> {
                log.error("The kernel sent a READ of {} bytes at {}", message.bytes(), message.offset());
                handler.malformedRead(message.id(), message.objectId());
            }
            case UNKNOWN -> log.error("The kernel sent a message of the unknown opcode {}", message.opcode());
            case MALFORMED -> log.error("The kernel sent {} bytes that are no message", length);
        }
    }
}
