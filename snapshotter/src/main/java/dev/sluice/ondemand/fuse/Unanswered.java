package dev.sluice.ondemand.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Remembers, for the process after this one, the requests that were read and not answered. Safe for use by many threads, apart from
 * landings, of which each belongs to one.
 */
interface Unanswered {
    /** For connections whose kernel repeats such requests when it is asked to, and those that end with this process. */
    Unanswered FORGOTTEN = new Unanswered() {
        @Override
        public ByteBuffer landing(int loop) {
            return ByteBuffer.allocateDirect(LANDING_SIZE).order(ByteOrder.nativeOrder());
        }

        @Override
        public void clearLanding(int loop) {
            // Nobody looks there after us.
        }

        @Override
        public int note(Opcode opcode, long unique, long node, int thread, long offset, int length) {
            return 0;
        }

        @Override
        public void release(int slot) {
            // Nothing was noted.
        }
    };

    /** Bytes of a landing. */
    int LANDING_SIZE = 2 * Protocol.MIN_REQUEST_BUFFER;

    /** What {@link #note} returns when it cannot note any more. */
    int FULL = -1;

    /**
     * Where a loop lets the kernel write its requests, in the machine's byte order. A request is remembered as long as it lies there.
     *
     * @param loop number of the loop, from 0
     */
    ByteBuffer landing(int loop);

    /** The request that landed has been answered or noted. */
    void clearLanding(int loop);

    /**
     * Notes a request that is answered later.
     *
     * @param opcode {@link Opcode#READ} or {@link Opcode#GETATTR}
     * @param offset of a read, else of no meaning, as is {@code length}
     * @return what to release once it is answered, or {@link #FULL}
     */
    int note(Opcode opcode, long unique, long node, int thread, long offset, int length);

    /** Forgets a note: its request was answered. */
    void release(int slot);
}
