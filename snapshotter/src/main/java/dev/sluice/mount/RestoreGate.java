package dev.sluice.mount;

import java.io.IOException;
import java.io.InterruptedIOException;

/** Keeps layers from being deleted before everybody who refers to them has said so. Safe for use by many threads. */
final class RestoreGate {
    private State state = State.SHUT;

    private enum State {
        SHUT,
        OPEN,
        /** Was shut when the process stopped, and stays so. */
        STOPPED
    }

    /** Lets everybody pass, unless the gate was {@link #stop stopped} before. */
    synchronized void open() {
        change(State.OPEN);
    }

    /** Tells those who wait that it will never open; does nothing if it is open. */
    synchronized void stop() {
        change(State.STOPPED);
    }

    private synchronized void change(State next) {
        if (state == State.SHUT) {
            state = next;
            notifyAll();
        }
    }

    /**
     * Waits until the gate is open.
     *
     * @throws IOException if it was stopped, or the thread was interrupted
     */
    synchronized void pass() throws IOException {
        try {
            while (state == State.SHUT) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Tried to clean up but failed because: interrupted");
        }
        if (state == State.STOPPED) {
            throw new IOException("Tried to clean up but failed because: this process is stopping");
        }
    }
}
