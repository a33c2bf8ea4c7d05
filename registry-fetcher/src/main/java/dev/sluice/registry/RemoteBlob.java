package dev.sluice.registry;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;

/**
 * A blob in a registry, read by ranges. Where the registry redirects to is remembered here. Holds no connection and need not be
 * closed. Safe for use by many threads.
 */
public final class RemoteBlob {
    private final RegistryCaller caller;
    private final ImageReference repository;
    private final Descriptor blob;
    private final RegistryOptions options;
    private final TimeSource time;
    private final Redirect redirect;

    RemoteBlob(
            RegistryCaller caller,
            ImageReference repository,
            Descriptor blob,
            RegistryOptions options,
            TimeSource time) {
        this.caller = caller;
        this.repository = repository;
        this.blob = blob;
        this.options = options;
        this.time = time;
        redirect = new Redirect(time);
    }

    /** Size in bytes, from the descriptor. */
    public long size() {
        return blob.size();
    }

    /** Digest of the whole blob; ranges are not verified here. */
    public Digest digest() {
        return blob.digest();
    }

    /**
     * Opens the bytes {@code [offset, offset + length)}. Blocks until the first byte can be had, at most for
     * {@link RegistryOptions.Timeouts#operation}. The channel delivers exactly {@code length} bytes and then end of stream, or
     * throws; a transfer that breaks or stalls goes on with another request where it stopped. One thread at a time may read from
     * it. Closing it early, from any thread, ends the transfer.
     *
     * @param offset in bytes, at least 0
     * @param length in bytes, at least 1; {@code offset + length <= size()}
     * @param otherSource what was delivered before failed verification: forget the redirect and use a new connection
     * @throws IndexOutOfBoundsException if the range is not one of the blob
     * @throws RegistryException if the bytes cannot be had
     */
    public ReadableByteChannel read(long offset, long length, boolean otherSource) throws IOException {
        return read(offset, length, otherSource, Optional.empty());
    }

    /** @param total for the whole transfer, instead of only for its beginning */
    ReadableByteChannel read(long offset, long length, boolean otherSource, Optional<Deadline> total)
            throws RegistryException {
        if (offset < 0 || length < 1 || offset > blob.size() - length) {
            throw new IndexOutOfBoundsException(
                    length + " bytes at " + offset + " are not a range of a blob of " + blob.size() + " bytes");
        }
        if (otherSource) {
            redirect.forget();
        }
        Opener opener = new Opener(offset + length, otherSource, total);
        Task task = new Task(opener.range(offset).action(), repository.host());
        return new RangeChannel(opener, task, offset, offset + length, options.timeouts(), time);
    }

    /** Opens what is left of one range. */
    private final class Opener implements RangeChannel.RangeOpener {
        private final long end;
        private final boolean newConnection;
        private final Optional<Deadline> total;

        Opener(long end, boolean newConnection, Optional<Deadline> total) {
            this.end = end;
            this.newConnection = newConnection;
            this.total = total;
        }

        BlobRange range(long offset) {
            return new BlobRange(
                    repository, blob, offset, end - offset, options.limits().skip(), total);
        }

        @Override
        public OpenRange open(long offset, Cancellation cancellation) throws RegistryException {
            return caller.call(repository.host(), range(offset), manner(cancellation), 0);
        }

        @Override
        public OpenRange openAgain(
                long offset, int failures, RegistryException.Unavailable failure, Cancellation cancellation)
                throws RegistryException {
            RegistryCaller.Manner manner = manner(cancellation);
            BlobRange range = range(offset);
            caller.pause(failures, failure, manner, new Task(range.action(), repository.host()));
            return caller.call(repository.host(), range, manner, failures);
        }

        private RegistryCaller.Manner manner(Cancellation cancellation) {
            Deadline deadline =
                    total.orElseGet(() -> Deadline.after(options.timeouts().operation(), time));
            return new RegistryCaller.Manner(deadline, redirect, newConnection, cancellation);
        }
    }
}
