package dev.sluice.ondemand.fuse;

import dev.sluice.linux.Errno;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import dev.sluice.ondemand.fuse.Protocol.OutHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The sending side of a {@code /dev/fuse} connection. Safe for use by many threads. */
final class Channel {
    private static final Logger log = LoggerFactory.getLogger(Channel.class);

    private final LinuxFile device;

    Channel(LinuxFile device) {
        this.device = device;
    }

    /** Sends one whole message. If nobody waits for it any more, because of a signal or an unmount, nothing happens. */
    void send(ByteBuffer message) {
        try {
            device.write(message);
        } catch (LinuxException e) {
            if (isGone(e)) {
                log.debug("Nobody waits for a FUSE reply any more", e);
            } else {
                log.error("The kernel refused a FUSE message", e);
            }
        } catch (ClosedChannelException e) {
            log.debug("A FUSE reply came after the connection was closed", e);
        } catch (IOException e) {
            log.error("Tried to send a FUSE message but failed", e);
        }
    }

    /** Answers a request with an error. Needs no memory of anybody's. */
    void sendError(long unique, Errno error) {
        send(ByteBuffer.allocate(OutHeader.SIZE)
                .order(ByteOrder.nativeOrder())
                .putInt(OutHeader.LENGTH, OutHeader.SIZE)
                .putInt(OutHeader.ERROR, -error.number())
                .putLong(OutHeader.UNIQUE, unique));
    }

    /** ENOENT: the request is gone. ENODEV, ENOTCONN and EPERM: so is the mount. */
    private static boolean isGone(LinuxException e) {
        return e.is(Errno.ENOENT) || e.is(Errno.ENODEV) || e.is(Errno.ENOTCONN) || e.is(Errno.EPERM);
    }
}
