package dev.sluice.ondemand.cachefiles;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.linux.Errno;
import dev.sluice.linux.LinuxException;
import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands of {@code /dev/cachefiles}, each one write. Safe for use by many threads. */
final class CacheControl {
    private static final Logger log = LoggerFactory.getLogger(CacheControl.class);

    private final LinuxFile device;

    CacheControl(LinuxFile device) {
        this.device = device;
    }

    /** Makes a directory the cache, and the cache one on demand. There is no way back but to close the device. */
    void bind(CachefilesOptions options) throws IOException {
        command("dir " + options.directory());
        command("tag " + options.tag());
        for (String limit : options.limits().commands()) {
            command(limit);
        }
        command("bind ondemand");
    }

    /** Lets the kernel say again what nobody has answered. Linux 6.8, and some older stable versions. */
    void restore() throws IOException {
        command("restore");
    }

    /**
     * Takes an object out of the cache. The calling thread's working directory is the object's.
     *
     * @throws LinuxException with {@link Errno#EBUSY} if it is in use, {@link Errno#ESTALE} or {@link Errno#ENOENT} if it is gone
     */
    void cull(String fileName) throws IOException {
        command("cull " + fileName);
    }

    /**
     * Answers an OPEN.
     *
     * @param size of the object, in bytes
     * @return false if the kernel does not take the answer: the OPEN was given up
     */
    boolean opened(int messageId, long size) {
        return answer("copen " + Integer.toUnsignedString(messageId) + "," + size);
    }

    /** Answers an OPEN with an error, which lets the mount, or the read that needed it, fail with EIO. */
    void openFailed(int messageId, Errno error) {
        boolean unused = answer("copen " + Integer.toUnsignedString(messageId) + "," + -error.number());
    }

    private boolean answer(String command) {
        try {
            command(command);
            return true;
        } catch (LinuxException e) {
            if (e.is(Errno.EINVAL)) {
                log.debug("Nobody waits for this answer any more: {}", command);
            } else {
                log.error("The kernel refused an answer: {}", command, e);
            }
        } catch (ClosedChannelException e) {
            log.debug("An answer came after the cache was closed: {}", command, e);
        } catch (IOException e) {
            log.error("Tried to answer the kernel but failed: {}", command, e);
        }
        return false;
    }

    private void command(String command) throws IOException {
        byte[] bytes = command.getBytes(UTF_8);
        try {
            device.write(ByteBuffer.wrap(bytes));
        } catch (LinuxException e) {
            throw new LinuxException("tell the kernel \"" + command + "\"", e.errno());
        }
    }
}
