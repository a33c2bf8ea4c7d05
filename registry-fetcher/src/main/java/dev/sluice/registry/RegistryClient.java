package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.random.RandomGenerator;
import okhttp3.OkHttpClient;

/**
 * Reads from registries that speak the OCI distribution spec, and from their mirrors: manifests, whole small blobs, and ranges of large
 * ones. Writes to registries, never to mirrors: whole blobs and manifests. Keeps connections and tokens. Blocking; safe for use by many
 * threads.
 *
 * <p>Every method throws {@link RegistryException}, whose kinds tell what to do. Methods without a {@link Deadline} take at most
 * {@link RegistryOptions.Timeouts#operation}.
 */
public final class RegistryClient implements AutoCloseable {
    private final RegistryOptions options;
    private final TimeSource time;
    private final Traffic traffic = new Traffic();
    private final Transport transport;
    private final RegistryCaller caller;
    private final BlobUpload uploads;
    private final Referrers referrers;
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
        transport = new Transport(options, http, traffic);
        Endpoints endpoints =
                new Endpoints(options.plainHttpHosts(), new HostDirectories(options.hostDirectories()), transport);
        TokenClient tokens = new TokenClient(endpoints, options.timeouts(), time);
        Authenticator authenticator = new Authenticator(credentials, tokens, time);
        caller = new RegistryCaller(endpoints, authenticator, options, new Backoff(options.retries(), random), time);
        uploads = new BlobUpload(caller, endpoints);
        referrers = new Referrers(caller, options.limits().manifest());
    }

    /** How many requests were sent since this client was made, by host and by what came of them. */
    public List<TrafficStatistics> requests() {
        return traffic.requests();
    }

    /** How many bytes came since this client was made, by host. */
    public List<TrafficStatistics.Received> received() {
        return traffic.received();
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

    /** Like {@link #pushBlob(ImageReference, Descriptor, byte[], Deadline)}. */
    public void pushBlob(ImageReference repository, Descriptor blob, byte[] content) throws RegistryException {
        pushBlob(repository, blob, content, operation());
    }

    /**
     * Puts a blob into a repository, unless it is there already. The registry verifies its digest.
     *
     * @param repository tag and digest do not matter
     * @param content not to be changed until this returns
     * @throws RegistryException.Unauthorized if the credentials do not suffice for pushing
     * @throws RegistryException.Unsupported if nobody may push
     * @throws RegistryException.Protocol if the content does not have the size or the digest of the descriptor
     */
    public void pushBlob(ImageReference repository, Descriptor blob, byte[] content, Deadline deadline)
            throws RegistryException {
        uploads.push(repository, blob, BlobContent.of(content), deadline);
    }

    /** Like {@link #pushBlob(ImageReference, Descriptor, byte[], Deadline)}, with the content of a file. */
    public void pushBlob(ImageReference repository, Descriptor blob, Path file, Deadline deadline)
            throws RegistryException {
        BlobContent content;
        try {
            content = BlobContent.of(file);
        } catch (IOException e) {
            throw new Task("push the blob " + blob.digest(), "to", repository.host())
                    .protocol("its file cannot be read: " + e.getMessage(), e);
        }
        uploads.push(repository, blob, content, deadline);
    }

    /** Like {@link #putManifest(ImageReference, String, byte[], Deadline)}. */
    public boolean putManifest(ImageReference reference, String mediaType, byte[] content) throws RegistryException {
        return putManifest(reference, mediaType, content, operation());
    }

    /**
     * Stores a manifest or index, under a digest or else a tag. If it has a subject, {@link #referrers} finds it from then on: a registry
     * that does not see to that itself ({@code OCI-Subject}) gets the list of the distribution spec's referrers tag schema.
     *
     * @return whether the registry has noticed the subject; false if there is none, or if the list was needed
     * @throws RegistryException.Unauthorized if the credentials do not suffice for pushing
     * @throws RegistryException.Unsupported if nobody may push
     * @throws IllegalArgumentException if the reference has neither tag nor digest, or not the content's digest
     */
    public boolean putManifest(ImageReference reference, String mediaType, byte[] content, Deadline deadline)
            throws RegistryException {
        Digest digest = reference.digest().orElseGet(() -> Digest.sha256(content));
        if (!digest.matches(content)) {
            throw new IllegalArgumentException("the content does not have the digest of " + reference);
        }
        Optional<Digest> noticed =
                caller.call(reference.host(), new ManifestPut(reference, mediaType, content), deadline);
        Descriptor descriptor = new Descriptor(mediaType, digest, content.length);
        return referrers.pushed(reference, descriptor, content, noticed, deadline);
    }

    /** Like {@link #deleteManifest(ImageReference, Deadline)}. */
    public void deleteManifest(ImageReference reference) throws RegistryException {
        deleteManifest(reference, operation());
    }

    /**
     * Deletes a manifest or index, with all tags that point at it. If it has a subject and stands in a list of the referrers tag schema,
     * it is taken out of that first; so it may be listed no more even if this fails.
     *
     * @throws RegistryException.NotFound if it is not there
     * @throws RegistryException.Unsupported if the registry does not delete, as some are configured
     * @throws IllegalArgumentException if the reference has no digest
     */
    public void deleteManifest(ImageReference reference, Deadline deadline) throws RegistryException {
        if (reference.digest().isEmpty()) {
            throw new IllegalArgumentException(reference + " has no digest");
        }
        ApiRequest<Fetched> pull = new ManifestPull(reference, options.limits().manifest());
        Fetched manifest = caller.call(reference.host(), new OfRegistryItself<>(pull), deadline);
        referrers.deleting(reference, manifest, deadline);
        caller.call(reference.host(), new ManifestDelete(reference), deadline);
    }

    /** Like {@link #referrers(ImageReference, Digest, String, Deadline)}. */
    public List<Descriptor> referrers(ImageReference repository, Digest subject, String artifactType)
            throws RegistryException {
        return referrers(repository, subject, artifactType, operation());
    }

    /**
     * The manifests of a repository that are about another one, as the registry lists them; who can push can enter any. Registries without
     * the referrers API are asked for the list of the referrers tag schema.
     *
     * @param repository tag and digest do not matter
     * @param subject what they are about; need not be there
     * @param artifactType only those of this type
     * @return with artifact type and annotations as listed; at most 1024, in the registry's order; empty if there are none
     */
    public List<Descriptor> referrers(ImageReference repository, Digest subject, String artifactType, Deadline deadline)
            throws RegistryException {
        return referrers.of(repository, subject, artifactType, deadline);
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
