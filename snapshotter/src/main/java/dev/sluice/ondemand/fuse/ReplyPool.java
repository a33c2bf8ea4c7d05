package dev.sluice.ondemand.fuse;

import java.util.concurrent.ArrayBlockingQueue;

/** Replies for threads that have none of their own. Safe for use by many threads; never waits. */
final class ReplyPool {
    /** As many as threads complete fills at once, about; more are made and dropped. */
    private static final int KEPT = 8;

    private final Channel channel;
    private final ArrayBlockingQueue<Reply> idle = new ArrayBlockingQueue<>(KEPT);

    ReplyPool(Channel channel) {
        this.channel = channel;
    }

    Reply take() {
        Reply reply = idle.poll();
        return reply != null ? reply : new Reply(channel);
    }

    void giveBack(Reply reply) {
        idle.offer(reply);
    }
}
