package dev.sluice.credentials;

import dev.sluice.proto.cri.AuthConfig;
import dev.sluice.registry.CredentialSource;
import dev.sluice.registry.Credentials;
import dev.sluice.registry.ImageReference;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Credentials that pulls have shown containerd, by the repository of the image; the newest first. In memory only, so they are gone with
 * the process. Safe for use by many threads.
 */
public final class PulledCredentials implements CredentialSource {
    private static final int MAX_REPOSITORIES = 4096;
    private static final int MAX_EACH = 4;
    private static final Set<String> DOCKER_SERVERS = Set.of("index.docker.io", "registry-1.docker.io");

    /** The one that was not pulled for the longest time comes first, and goes first. */
    private final Map<String, Deque<Credentials>> byRepository = new LinkedHashMap<>(16, 0.75f, true);

    /**
     * A pull begins.
     *
     * @param image as the request names it
     * @param auth what it shows; not kept unless it is for that image's registry, as containerd reads it
     */
    public void seen(String image, AuthConfig auth) {
        ImageReference reference;
        try {
            reference = ImageReference.parse(image);
        } catch (IllegalArgumentException e) {
            // containerd will say so.
            return;
        }
        credentials(auth, reference.host()).ifPresent(credentials -> keep(reference, credentials));
    }

    private synchronized void keep(ImageReference image, Credentials credentials) {
        String repository = Images.name(image.host(), image.repository());
        if (byRepository.size() >= MAX_REPOSITORIES && !byRepository.containsKey(repository)) {
            byRepository.remove(byRepository.keySet().iterator().next());
        }
        Deque<Credentials> known = byRepository.computeIfAbsent(repository, key -> new ArrayDeque<>());
        known.remove(credentials);
        known.addFirst(credentials);
        if (known.size() > MAX_EACH) {
            known.removeLast();
        }
    }

    /** What containerd makes of it, and a registry token, which containerd does not know. */
    static Optional<Credentials> credentials(AuthConfig auth, String host) {
        if (!auth.getServerAddress().isEmpty() && !isFor(auth.getServerAddress(), host)) {
            return Optional.empty();
        }
        if (!auth.getUsername().isEmpty()) {
            return Optional.of(new Credentials.Basic(auth.getUsername(), auth.getPassword()));
        }
        if (!auth.getIdentityToken().isEmpty()) {
            return Optional.of(new Credentials.IdentityToken(auth.getIdentityToken()));
        }
        if (!auth.getAuth().isEmpty()) {
            return decode(auth.getAuth());
        }
        return auth.getRegistryToken().isEmpty()
                ? Optional.empty()
                : Optional.of(new Credentials.RegistryToken(auth.getRegistryToken()));
    }

    /** @param address a URL; without a scheme it is for nobody */
    private static boolean isFor(String address, String host) {
        try {
            String authority = Optional.ofNullable(new URI(address).getRawAuthority())
                    .orElse("")
                    .toLowerCase(Locale.ROOT);
            return authority.equals(host) || (host.equals("docker.io") && DOCKER_SERVERS.contains(authority));
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static Optional<Credentials> decode(String auth) {
        try {
            String pair = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : Optional.of(new Credentials.Basic(
                            pair.substring(0, colon), pair.substring(colon + 1).replace("\0", "")));
        } catch (IllegalArgumentException e) {
            // containerd will say so.
            return Optional.empty();
        }
    }

    /** How much pulls have shown. */
    public synchronized SourceState state() {
        int known = byRepository.size();
        return known == 0
                ? SourceState.empty("no pull has shown any credentials since the daemon started")
                : SourceState.works(
                        "pulls have shown credentials for " + (known == 1 ? "1 repository" : known + " repositories"));
    }

    @Override
    public Optional<Credentials> credentials(String host) {
        return credentials(host, "", Set.of());
    }

    @Override
    public Optional<Credentials> credentials(String host, String repository) {
        return credentials(host, repository, Set.of());
    }

    /** Those of the repository first, then those that were shown for others of the same registry, the newest first. */
    @Override
    public synchronized Optional<Credentials> credentials(String host, String repository, Set<Credentials> refused) {
        Optional<Credentials> own = Optional.ofNullable(byRepository.get(Images.name(host, repository)))
                .flatMap(known -> first(known, refused));
        if (own.isPresent()) {
            return own;
        }
        Optional<Credentials> other = Optional.empty();
        for (Map.Entry<String, Deque<Credentials>> known : byRepository.entrySet()) {
            if (known.getKey().startsWith(host + "/")) {
                Optional<Credentials> found = first(known.getValue(), refused);
                other = found.isPresent() ? found : other;
            }
        }
        return other;
    }

    private static Optional<Credentials> first(Deque<Credentials> known, Set<Credentials> refused) {
        return known.stream()
                .filter(credentials -> !refused.contains(credentials))
                .findFirst();
    }
}
