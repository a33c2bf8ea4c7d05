package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names an image in a registry: {@code host/repository[:tag][@digest]}, with the grammar and the normalization of the
 * distribution project's reference package, which containerd uses too: {@code alpine} is {@code docker.io/library/alpine}. Tag and
 * digest stay absent where they were not written.
 *
 * @param host the registry as written in image names, with the port if there is one, such as {@code docker.io},
 *     {@code localhost:5000} or {@code [::1]:5000}
 * @param repository such as {@code library/alpine}
 * @param tag without its colon
 * @param digest of the manifest or index
 */
public record ImageReference(String host, String repository, Optional<String> tag, Optional<Digest> digest) {
    private static final int MAX_NAME = 255;
    private static final String DOCKER_HOST = "docker.io";
    private static final String LEGACY_DOCKER_HOST = "index.docker.io";
    private static final String OFFICIAL = "library/";

    private static final String LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
    private static final Pattern HOST =
            Pattern.compile("(?:" + LABEL + "(?:\\." + LABEL + ")*|\\[[a-fA-F0-9:]+])(?::[0-9]+)?");
    private static final String COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
    private static final Pattern REPOSITORY = Pattern.compile(COMPONENT + "(?:/" + COMPONENT + ")*");
    private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}");
    private static final Pattern IMAGE_ID = Pattern.compile("[a-f0-9]{64}");

    /** @throws IllegalArgumentException if a part does not follow the grammar */
    public ImageReference {
        requireNonNull(tag, "tag is null");
        requireNonNull(digest, "digest is null");
        if (host.length() > MAX_NAME || !HOST.matcher(host).matches()) {
            throw new IllegalArgumentException("not the host of a registry: " + shown(host));
        }
        if (repository.length() > MAX_NAME || !REPOSITORY.matcher(repository).matches()) {
            throw new IllegalArgumentException("not the name of a repository: " + shown(repository));
        }
        if (tag.isPresent() && !TAG.matcher(tag.get()).matches()) {
            throw new IllegalArgumentException("not a tag: " + shown(tag.get()));
        }
    }

    /**
     * Parses and normalizes a reference as a user writes it.
     *
     * @throws IllegalArgumentException if it is not a reference, or is an image ID (64 hex digits)
     */
    public static ImageReference parse(String reference) {
        if (IMAGE_ID.matcher(reference).matches()) {
            throw new IllegalArgumentException("an image ID is not a reference: " + reference);
        }
        int at = reference.indexOf('@');
        Optional<Digest> digest = at < 0 ? Optional.empty() : Optional.of(Digest.parse(reference.substring(at + 1)));
        String named = at < 0 ? reference : reference.substring(0, at);

        int slash = named.indexOf('/');
        boolean withHost = slash >= 0 && isHost(named.substring(0, slash));
        String host = withHost ? named.substring(0, slash) : DOCKER_HOST;
        String rest = withHost ? named.substring(slash + 1) : named;

        int colon = rest.indexOf(':');
        String repository = colon < 0 ? rest : rest.substring(0, colon);
        Optional<String> tag = colon < 0 ? Optional.empty() : Optional.of(rest.substring(colon + 1));

        if (host.equals(LEGACY_DOCKER_HOST)) {
            host = DOCKER_HOST;
        }
        if (host.equals(DOCKER_HOST) && repository.indexOf('/') < 0) {
            repository = OFFICIAL + repository;
        }
        return new ImageReference(host, repository, tag, digest);
    }

    /** The first component is a host if no component of a repository could look like it, or if it is localhost. */
    private static boolean isHost(String component) {
        return component.indexOf('.') >= 0
                || component.indexOf(':') >= 0
                || component.equals("localhost")
                || !component.equals(component.toLowerCase(Locale.ROOT));
    }

    /** This reference, with the tag {@code latest} if it has neither tag nor digest. */
    public ImageReference withDefaultTag() {
        return tag.isPresent() || digest.isPresent() ? this : withTag("latest");
    }

    /** @throws IllegalArgumentException if it is not a tag */
    public ImageReference withTag(String newTag) {
        return new ImageReference(host, repository, Optional.of(newTag), digest);
    }

    /** The same repository and tag, pinned to a digest. */
    public ImageReference withDigest(Digest newDigest) {
        return new ImageReference(host, repository, tag, Optional.of(newDigest));
    }

    /** {@code host/repository}, without tag and digest. */
    public String name() {
        return host + "/" + repository;
    }

    private static String shown(String part) {
        return part.length() <= MAX_NAME ? part : part.substring(0, MAX_NAME) + "...";
    }

    @Override
    public String toString() {
        return name()
                + tag.map(t -> ":" + t).orElse("")
                + digest.map(d -> "@" + d).orElse("");
    }
}
