package dev.sluice.registry;

import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A blob in a registry, read by ranges. Where the registry redirects to is remembered here. Holds no connection and need not be
 * closed. Safe for use by many threads.
 */
public final class RemoteBlob {
    private static final Logger log = LoggerFactory.getLogger(RemoteBlob.class);

    private final RegistryCaller caller;
    private final ImageReference repository;
    private final Descriptor blob;
    private final RegistryOptions options;
    private final TimeSource time;
    private final Redirect redirect;
    private final BlobSources sources;
    private final Duration patience;

    /** @param sources shared by all who read this blob, from whatever repository */
    RemoteBlob(
            RegistryCaller caller,
            ImageReference repository,
            Descriptor blob,
            RegistryOptions options,
            TimeSource time,
            BlobSources sources) {
        this(caller, repository, blob, options, time, new Redirect(time), sources, Duration.ZERO);
    }

    private RemoteBlob(
            RegistryCaller caller,
            ImageReference repository,
            Descriptor blob,
            RegistryOptions options,
            TimeSource time,
            Redirect redirect,
            BlobSources sources,
            Duration patience) {
        this.caller = caller;
        this.repository = repository;
        this.blob = blob;
        this.options = options;
        this.time = time;
        this.redirect = redirect;
        this.sources = sources;
        this.patience = patience;
    }

    /**
     * The same blob for readers who have nothing else to fall back to: what fails in a way that may pass is tried again for
     * {@link RegistryOptions#patience} at least, however often it fails in that time; while the registry refuses all credentials, for
     * {@link RegistryOptions.Timeouts#operation}.
     */
    public RemoteBlob patiently() {
        return new RemoteBlob(caller, repository, blob, options, time, redirect, sources, options.patience());
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
     * throws; a transfer that breaks or stalls goes on with another request where it stopped, from another mirror if there is one,
     * and has that time to bring a decent number of bytes. One thread at a time may read from it. Closing it early, from any thread,
     * ends the transfer.
     *
     * @param offset in bytes, at least 0
     * @param length in bytes, at least 1; {@code offset + length <= size()}
     * @param otherSource what was delivered before failed verification: ask whoever did not deliver it first, forget the redirect
     *     and use a new connection
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
            sources.wrong(offset, offset + length)
                    .ifPresent(endpoint -> log.warn(
                            "bytes {}-{} of blob {} from {} were wrong; they are fetched once more, from another host if there is one",
                            offset,
                            offset + length - 1,
                            blob.digest(),
                            endpoint.shown()));
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

        // Belongs to the thread that reads.
        private Optional<Endpoint> current = Optional.empty();
        private Deadline deadline;
        private Deadline patient;

        Opener(long end, boolean newConnection, Optional<Deadline> total) {
            this.end = end;
            this.newConnection = newConnection;
            this.total = total;
            deadline = operation();
            patient = Deadline.after(patience, time);
        }

        BlobRange range(long offset) {
            return new BlobRange(
                    repository, blob, offset, end - offset, options.limits().skip(), total);
        }

        @Override
        public OpenRange open(long offset, Cancellation cancellation) throws RegistryException {
            startAnew();
            return opened(offset, caller.call(repository.host(), range(offset), manner(cancellation), 0));
        }

        @Override
        public OpenRange openAgain(
                long offset, int failures, RegistryException.Unavailable failure, Cancellation cancellation)
                throws RegistryException {
            if (failures == 1) {
                startAnew();
            }
            return opened(
                    offset,
                    caller.callAgain(
                            repository.host(),
                            range(offset),
                            manner(cancellation),
                            failures,
                            current.orElseThrow(),
                            failure));
        }

        private OpenRange opened(long offset, RegistryCaller.Answer<OpenRange> answer) {
            current = Optional.of(answer.endpoint());
            sources.deliver(offset, end, answer.endpoint());
            return answer.value();
        }

        private void startAnew() {
            deadline = operation();
            patient = Deadline.after(patience, time);
        }

        private Deadline operation() {
            return total.orElseGet(() -> Deadline.after(options.timeouts().operation(), time));
        }

        private RegistryCaller.Manner manner(Cancellation cancellation) {
            return new RegistryCaller.Manner(
                    deadline, patient, !patience.isZero(), redirect, sources, newConnection, cancellation);
        }
    }
}
