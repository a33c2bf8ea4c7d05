package dev.sluice.ondemand.fuse;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.ondemand.fuse.Protocol.Notify;
import java.nio.ByteBuffer;

/**
 * Takes back what the kernel remembers. The kernel may wait for running requests before it returns, so never call this from a
 * thread that answers requests. Safe for use by many threads.
 */
final class Notifications {
    private final Channel channel;

    Notifications(Channel channel) {
        this.channel = channel;
    }

    /**
     * Makes the kernel repeat all requests that were read and not answered, with the highest bit of their number set. To be sent before
     * the first request is read. Needs {@link Protocol.InitFlag#HAS_RESEND}.
     */
    void resend() {
        Reply message = new Reply(channel);
        message.clearedBody(0);
        message.sendNotification(Notify.RESEND);
    }

    /** Makes the kernel forget a file's name, attributes and pages. */
    void forget(Node node) {
        byte[] name = node.name().getBytes(US_ASCII);
        Reply message = new Reply(channel);
        ByteBuffer entry = message.clearedBody(Notify.INVAL_ENTRY_SIZE + name.length + 1);
        entry.putLong(Protocol.ROOT_ID).putInt(name.length).putInt(0).put(name);
        message.sendNotification(Notify.INVAL_ENTRY);

        ByteBuffer inode = message.clearedBody(Notify.INVAL_INODE_SIZE);
        long all = 0;
        inode.putLong(node.id()).putLong(0).putLong(all);
        message.sendNotification(Notify.INVAL_INODE);
    }
}
