package dev.sluice.image;

import dev.sluice.containerd.ContentInfo;
import dev.sluice.containerd.ImageStore;
import dev.sluice.containerd.StoredImage;
import dev.sluice.registry.Deadline;
import dev.sluice.registry.Digest;
import dev.sluice.registry.ImageReference;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Guesses which repositories a manifest in containerd's content store came from. containerd labels it with
 * {@code containerd.io/distribution.source.HOSTNAME = repository,...}, where the hostname lacks the port; ports are taken from
 * image names and from our own configuration.
 */
final class SourceReferences {
    private static final String SOURCE_LABEL = "containerd.io/distribution.source.";
    private static final int MAX_REFERENCES = 32;

    private final ImageStore images;
    private final List<String> knownHosts;

    /** @param knownHosts {@code host:port} */
    SourceReferences(ImageStore images, Collection<String> knownHosts) {
        this.images = images;
        this.knownHosts = List.copyOf(knownHosts);
    }

    /**
     * What the manifest could be fetched by, the most likely first; all with its digest.
     *
     * @throws IOException if containerd cannot be asked
     */
    List<ImageReference> of(String namespace, ContentInfo manifest, Deadline deadline) throws IOException {
        Digest digest = Digest.parse(manifest.digest());
        List<StoredImage> stored = images.list(namespace, List.of(), deadline.remaining());
        Set<ImageReference> references = new LinkedHashSet<>();
        for (StoredImage image : stored) {
            if (image.targetDigest().equals(manifest.digest())) {
                parse(image.name()).ifPresent(name -> references.add(name.withDigest(digest)));
            }
        }
        List<String> hosts = hosts(stored);
        manifest.labels().forEach((label, repositories) -> {
            if (label.startsWith(SOURCE_LABEL)) {
                String hostname = label.substring(SOURCE_LABEL.length());
                addAll(references, withPorts(hostname, hosts), repositories.split(","), digest);
            }
        });
        return references.stream().limit(MAX_REFERENCES).toList();
    }

    /** Hosts of image names, then those of the configuration. */
    private List<String> hosts(List<StoredImage> stored) {
        Set<String> hosts = new LinkedHashSet<>();
        for (StoredImage image : stored) {
            parse(image.name()).ifPresent(name -> hosts.add(name.host()));
        }
        hosts.addAll(knownHosts);
        return List.copyOf(hosts);
    }

    /** Hosts of this name with any port, then the name alone. */
    private static List<String> withPorts(String hostname, List<String> hosts) {
        String bare = hostname.indexOf(':') < 0 ? hostname : "[" + hostname + "]";
        List<String> all = new ArrayList<>();
        for (String host : hosts) {
            if (host.startsWith(bare + ":")) {
                all.add(host);
            }
        }
        all.add(bare);
        return all;
    }

    private static void addAll(
            Set<ImageReference> references, List<String> hosts, String[] repositories, Digest digest) {
        for (String host : hosts) {
            for (String repository : repositories) {
                reference(host, repository, digest).ifPresent(references::add);
            }
        }
    }

    /** A label is any text: empty if it names no repository. */
    private static Optional<ImageReference> reference(String host, String repository, Digest digest) {
        try {
            return Optional.of(new ImageReference(host, repository, Optional.empty(), Optional.of(digest)));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static Optional<ImageReference> parse(String name) {
        try {
            return Optional.of(ImageReference.parse(name));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
