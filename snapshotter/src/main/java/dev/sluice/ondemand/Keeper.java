package dev.sluice.ondemand;

import dev.sluice.linux.LinuxFile;
import java.io.IOException;
import java.util.Optional;

/**
 * Holds kernel files of ours while we are dead, so that readers wait for the next process instead of failing. Safe for use by many threads.
 */
public interface Keeper extends AutoCloseable {
    /** Nobody keeps anything. */
    Keeper NONE = new Keeper() {
        @Override
        public boolean isPresent() {
            return false;
        }

        @Override
        public Optional<LinuxFile> take(String name) {
            return Optional.empty();
        }

        @Override
        public void keep(String name, LinuxFile file) {
            // Nobody is there to give it to.
        }

        @Override
        public void forget(String... names) {
            // Nothing was kept.
        }

        @Override
        public String toString() {
            return "none";
        }
    };

    /** Whether there is somebody who keeps files. */
    boolean isPresent();

    /**
     * Takes back what the process before left under a name; it goes on being kept. The caller owns the returned file. Empty if there is
     * nothing of that name, or it was taken before.
     */
    Optional<LinuxFile> take(String name) throws IOException;

    /**
     * Gives a file into keeping, in place of what was kept under that name; it stays the caller's, too. Once this has returned, it is kept
     * however we die; until then, what was kept before still is.
     *
     * @param name letters, digits and {@code -}, at most 200 characters
     * @throws IOException if the keeper does not take it; a keeper that is not there takes everything
     */
    void keep(String name, LinuxFile file) throws IOException;

    /** Ends the keeping of all these at once, also of what nobody took; names of which nothing is kept have no effect. */
    void forget(String... names) throws IOException;

    /** Lets go of what this process has; what is kept stays kept. */
    @Override
    default void close() throws IOException {}

    /** For people: which keeper it is, {@code process 4711}. */
    @Override
    String toString();
}
