package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import okhttp3.OkHttpClient;

/**
 * Reads from registries that speak the OCI distribution spec, and from their mirrors: manifests, whole small blobs, and ranges of large
 * ones. Keeps connections and tokens. Blocking; safe for use by many threads.
 *
 * <p>Every method throws {@link RegistryException}, whose kinds tell what to do. Methods without a {@link Deadline} take at most
 * {@link RegistryOptions.Timeouts#operation}.
 */
public final class RegistryClient implements AutoCloseable {
    private final RegistryOptions options;
    private final TimeSource time;
    private final Transport transport;
    private final RegistryCaller caller;
    private final ConcurrentHashMap<Digest, WeakReference<BlobSources>> sources = new ConcurrentHashMap<>();

    /** A client that verifies TLS certificates with the authorities that the Java runtime, and where there are any the host directories, trust. */
    public RegistryClient(RegistryOptions options, CredentialSource credentials) {
        this(options, credentials, TimeSource.SYSTEM, new Random(), new OkHttpClient());
    }

    RegistryClient(
            RegistryOptions options,
            CredentialSource credentials,
            TimeSource time,
            RandomGenerator random,
            OkHttpClient http) {
        requireNonNull(credentials, "credentials is null");
        this.options = requireNonNull(options, "options is null");
        this.time = time;
        transport = new Transport(options, http);
        Endpoints endpoints =
                new Endpoints(options.plainHttpHosts(), new HostDirectories(options.hostDirectories()), transport);
        TokenClient tokens = new TokenClient(endpoints, options.timeouts(), time);
        Authenticator authenticator = new Authenticator(credentials, tokens, time);
        caller = new RegistryCaller(endpoints, authenticator, options, new Backoff(options.retries(), random), time);
    }

    /** Like {@link #manifest(ImageReference, Deadline)}. */
    public Fetched manifest(ImageReference reference) throws RegistryException {
        return manifest(reference, operation());
    }

    /**
     * Fetches a manifest or index, by digest or else by tag. Its digest is verified; what it says is not looked at.
     *
     * @throws IllegalArgumentException if the reference has neither tag nor digest
     */
    public Fetched manifest(ImageReference reference, Deadline deadline) throws RegistryException {
        return caller.call(
                reference.host(), new ManifestPull(reference, options.limits().manifest()), deadline);
    }

    /** Like {@link #headManifest(ImageReference, Deadline)}. */
    public Optional<Descriptor> headManifest(ImageReference reference) throws RegistryException {
        return headManifest(reference, operation());
    }

    /**
     * Looks up what a reference points at, without fetching it if the registry allows that.
     *
     * @return empty if there is no such manifest
     * @throws IllegalArgumentException if the reference has neither tag nor digest
     */
    public Optional<Descriptor> headManifest(ImageReference reference, Deadline deadline) throws RegistryException {
        try {
            Optional<Descriptor> found = caller.call(reference.host(), new ManifestHead(reference), deadline);
            return found.isPresent()
                    ? found
                    : Optional.of(manifest(reference, deadline).descriptor());
        } catch (RegistryException.NotFound e) {
            return Optional.empty();
        }
    }

    /** Like {@link #resolve(ImageReference, Platform, Deadline)}. */
    public Manifest resolve(ImageReference reference, Platform platform) throws RegistryException {
        return resolve(reference, platform, operation());
    }

    /**
     * The manifest for a platform, through indexes where there are any. A reference that points at a manifest itself is
     * taken whatever its platform is.
     *
     * @throws RegistryException.NotFound if an index has nothing for the platform
     */
    public Manifest resolve(ImageReference reference, Platform platform, Deadline deadline) throws RegistryException {
        return new PlatformResolver(this, options.limits().indexDepth())
                .resolve(reference, platform, deadline)
                .manifest();
    }

    /** Like {@link #resolve(ImageReference, Platform, Deadline)}, but the bytes and descriptor of the manifest. */
    public Fetched manifest(ImageReference reference, Platform platform, Deadline deadline) throws RegistryException {
        return new PlatformResolver(this, options.limits().indexDepth())
                .resolve(reference, platform, deadline)
                .fetched();
    }

    /** Like {@link #blob(ImageReference, Descriptor, long, Deadline)}. */
    public byte[] blob(ImageReference repository, Descriptor blob, long maxBytes) throws RegistryException {
        return blob(repository, blob, maxBytes, operation());
    }

    /**
     * Fetches a whole blob. Its digest is verified; what does not match is fetched once more over another connection.
     *
     * @param repository tag and digest do not matter
     * @param maxBytes the largest blob that is accepted
     * @throws RegistryException.Protocol if the blob is larger than that, or does not have its digest
     */
    public byte[] blob(ImageReference repository, Descriptor blob, long maxBytes, Deadline deadline)
            throws RegistryException {
        Task task = new Task("fetch the blob " + blob.digest(), repository.host());
        if (blob.size() > Math.min(maxBytes, Integer.MAX_VALUE - 8)) {
            throw task.protocol("it has " + blob.size() + " bytes, more than " + maxBytes);
        }
        RemoteBlob remote = openBlob(repository, blob);
        byte[] content = whole(remote, false, deadline, task);
        if (!blob.digest().matches(content)) {
            content = whole(remote, true, deadline, task);
        }
        if (!blob.digest().matches(content)) {
            throw task.protocol("the bytes do not have this digest");
        }
        return content;
    }

    private static byte[] whole(RemoteBlob blob, boolean otherSource, Deadline deadline, Task task)
            throws RegistryException {
        byte[] content = new byte[(int) blob.size()];
        if (content.length == 0) {
            return content;
        }
        ByteBuffer into = ByteBuffer.wrap(content);
        try (ReadableByteChannel channel = blob.read(0, content.length, otherSource, Optional.of(deadline))) {
            while (into.hasRemaining()) {
                if (channel.read(into) < 0) {
                    throw task.unavailable("the transfer ended early");
                }
            }
            return content;
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw Failures.of(e, "", task);
        }
    }

    /**
     * Opens a blob for reading ranges. Does not ask the registry yet.
     *
     * @param repository tag and digest do not matter
     */
    public RemoteBlob openBlob(ImageReference repository, Descriptor blob) {
        return new RemoteBlob(caller, repository, blob, options, time, sources(blob.digest()));
    }

    /** One for all who read the same blob: a mirror's wrong bytes are the same in every repository. */
    private BlobSources sources(Digest blob) {
        BlobSources mine = new BlobSources(time);
        while (true) {
            WeakReference<BlobSources> known =
                    sources.merge(blob, new WeakReference<>(mine), (old, fresh) -> old.get() == null ? fresh : old);
            sources.values().removeIf(reference -> reference.get() == null);
            BlobSources current = known.get();
            if (current != null) {
                return current;
            }
        }
    }

    private Deadline operation() {
        return Deadline.after(options.timeouts().operation(), time);
    }

    /** Closes the connections that are not in use. Transfers under way go on. */
    @Override
    public void close() {
        transport.close();
    }
}
