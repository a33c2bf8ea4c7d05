package dev.sluice.image;

import dev.sluice.containerd.ContentStore;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.ImageReference;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.RegistryClient;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads manifests and configs: out of containerd's content store if they are there, else from the registry. */
final class ImageLoader {
    private static final Logger log = LoggerFactory.getLogger(ImageLoader.class);

    private static final int MAX_DOCUMENT_BYTES = 8 << 20;
    private static final long CACHED_BYTES = 4 << 20;
    /** A containerd that hangs must leave time for the registry. */
    private static final Duration CONTENT_TIMEOUT = Duration.ofSeconds(3);

    private final ContentStore content;
    private final RegistryClient registry;
    private final ImageJson json = new ImageJson();
    private final ImageCache cache = new ImageCache(CACHED_BYTES);

    ImageLoader(ContentStore content, RegistryClient registry) {
        this.content = content;
        this.registry = registry;
    }

    /**
     * An image that is in the content store whole.
     *
     * @return empty if manifest or config are not there
     * @throws InvalidImageException if they are no image
     * @throws IOException if containerd cannot be asked
     */
    Optional<ParsedImage> stored(String namespace, Digest manifestDigest, Deadline deadline) throws IOException {
        Optional<ParsedImage> cached = cache.get(manifestDigest);
        if (cached.isPresent()) {
            return cached;
        }
        Optional<byte[]> bytes = read(namespace, manifestDigest, deadline.remaining());
        if (bytes.isEmpty()) {
            return Optional.empty();
        }
        Manifest manifest = Manifest.parse(bytes.get(), json.mediaType(bytes.get()));
        Optional<byte[]> config = read(namespace, manifest.config().digest(), deadline.remaining());
        if (config.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(remember(manifestDigest, manifest, config.get(), bytes.get().length));
    }

    /**
     * An image whose parts are in the content store or in a registry.
     *
     * @param namespace of the content store; empty to ask the registry alone
     * @param source the repository to ask
     * @throws InvalidImageException if it is no image
     * @throws IOException if it cannot be had
     */
    ParsedImage load(Optional<String> namespace, Digest manifestDigest, ImageReference source, Deadline deadline)
            throws IOException {
        Optional<ParsedImage> cached = cache.get(manifestDigest);
        if (cached.isPresent()) {
            return cached.get();
        }
        Optional<byte[]> bytes = readIfPossible(namespace, manifestDigest, deadline);
        if (bytes.isEmpty()) {
            return load(namespace, registry.manifest(source.withDigest(manifestDigest), deadline), source, deadline);
        }
        Manifest manifest = Manifest.parse(bytes.get(), json.mediaType(bytes.get()));
        byte[] config = config(namespace, manifest.config(), source, deadline);
        return remember(manifestDigest, manifest, config, bytes.get().length);
    }

    /**
     * The image of a manifest that the registry has delivered. Otherwise like {@link #load(Optional, Digest, ImageReference,
     * Deadline)}.
     */
    ParsedImage load(Optional<String> namespace, Fetched fetched, ImageReference source, Deadline deadline)
            throws IOException {
        Descriptor descriptor = fetched.descriptor();
        Manifest manifest = Manifest.parse(fetched.content(), descriptor.mediaType());
        byte[] config = config(namespace, manifest.config(), source, deadline);
        return remember(descriptor.digest(), manifest, config, fetched.content().length);
    }

    private byte[] config(Optional<String> namespace, Descriptor config, ImageReference source, Deadline deadline)
            throws IOException {
        Optional<byte[]> stored = readIfPossible(namespace, config.digest(), deadline);
        return stored.isPresent() ? stored.get() : registry.blob(source, config, MAX_DOCUMENT_BYTES, deadline);
    }

    private ParsedImage remember(Digest digest, Manifest manifest, byte[] config, int bytes)
            throws InvalidImageException {
        List<Digest> diffIds = json.diffIds(config);
        ParsedImage image = ParsedImage.of(digest, manifest, diffIds, bytes);
        cache.put(image);
        return image;
    }

    private Optional<byte[]> readIfPossible(Optional<String> namespace, Digest digest, Deadline deadline) {
        try {
            return namespace.isPresent()
                    ? read(namespace.get(), digest, atMost(CONTENT_TIMEOUT, deadline))
                    : Optional.empty();
        } catch (IOException e) {
            log.debug("{} is looked for in the registry: {}", digest, e.getMessage());
            return Optional.empty();
        }
    }

    private Optional<byte[]> read(String namespace, Digest digest, Duration timeout) throws IOException {
        return content.read(namespace, digest.toString(), MAX_DOCUMENT_BYTES, timeout);
    }

    private static Duration atMost(Duration duration, Deadline deadline) {
        Duration remaining = deadline.remaining();
        return remaining.compareTo(duration) < 0 ? remaining : duration;
    }
}
