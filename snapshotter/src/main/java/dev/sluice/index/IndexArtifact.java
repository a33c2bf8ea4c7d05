package dev.sluice.index;

import static java.util.Objects.requireNonNull;

import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.InvalidManifestException;
import dev.sluice.registry.Manifest;
import dev.sluice.registry.MediaTypes;
import java.security.GeneralSecurityException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * The manifest of an index artifact: an OCI manifest with the image's manifest as its subject, an {@link IndexConfig} as its config,
 * and the indexes as its layers, in the order of the config. What it says is a claim.
 *
 * @param digest of the manifest
 * @param manifest has passed {@link #parse}
 * @param subject the image's manifest
 */
record IndexArtifact(Digest digest, Manifest manifest, Descriptor subject) {
    static final String TYPE = "application/vnd.sluice.index.v1+json";
    static final String CONFIG_TYPE = "application/vnd.sluice.index.config.v1+json";
    static final String LAYER_TYPE = "application/vnd.sluice.layer-index.v1";

    /** On a layer: digest of the blob that this is the index of. */
    static final String LAYER_DIGEST = "dev.sluice.layer.digest";
    /** On the manifest: Base64 of the Ed25519 signature of {@link IndexStatement}. */
    static final String SIGNATURE = "dev.sluice.signature";
    /** On the manifest: {@link VerificationKey#id} of the key that signed. */
    static final String KEY = "dev.sluice.key";
    /** On the manifest: when it was made, RFC 3339. */
    static final String CREATED = "org.opencontainers.image.created";
    /** On an image's manifest: the digest of its index artifact. */
    static final String PIN = "dev.sluice.index.digest";

    private static final int MAX_BYTES = 4 << 20;
    private static final Pattern KEY_ID = Pattern.compile("[0-9a-f]{" + VerificationKey.ID_DIGITS + "}");

    IndexArtifact {
        requireNonNull(digest, "digest is null");
        requireNonNull(manifest, "manifest is null");
        requireNonNull(subject, "subject is null");
    }

    /**
     * What is pushed.
     *
     * @param manifest its bytes, OCI manifest
     * @param config its descriptor
     * @param configBytes its bytes
     */
    record Built(byte[] manifest, Descriptor config, byte[] configBytes) {}

    /**
     * Makes an artifact.
     *
     * @param subject the image's manifest
     * @throws InvalidIndexException if it would have no layers, too many, or one twice, or if signing fails
     */
    static Built build(
            Descriptor subject, List<LayerIndexBlob> indexes, Instant created, Optional<SigningKey> signingKey)
            throws InvalidIndexException {
        List<LayerEntry> entries = new ArrayList<>();
        List<Descriptor> layers = new ArrayList<>();
        for (LayerIndexBlob index : indexes) {
            LayerEntry entry = new LayerEntry(
                    index.layer(), index.diffId(), Digest.sha256(index.content()), index.content().length);
            entries.add(entry);
            layers.add(annotated(entry));
        }
        byte[] config;
        try {
            config = new IndexConfig(subject.digest(), entries).toJson();
        } catch (IllegalArgumentException e) {
            throw new InvalidIndexException("an artifact cannot be made of this: " + e.getMessage(), e);
        }
        Descriptor configDescriptor = new Descriptor(CONFIG_TYPE, Digest.sha256(config), config.length);
        Map<String, String> annotations = new TreeMap<>();
        annotations.put(CREATED, created.toString());
        if (signingKey.isPresent()) {
            annotations.put(KEY, signingKey.get().publicKey().id());
            annotations.put(SIGNATURE, signature(subject.digest(), configDescriptor.digest(), signingKey.get()));
        }
        Manifest manifest = new Manifest(
                MediaTypes.OCI_MANIFEST,
                configDescriptor,
                layers,
                annotations,
                Optional.of(new Descriptor(subject.mediaType(), subject.digest(), subject.size())),
                Optional.of(TYPE));
        return new Built(manifest.toJson(), configDescriptor, config);
    }

    private static Descriptor annotated(LayerEntry entry) {
        return entry.descriptor()
                .withAnnotations(Map.of(LAYER_DIGEST, entry.layer().toString()));
    }

    private static String signature(Digest subject, Digest config, SigningKey key) throws InvalidIndexException {
        try {
            return Base64.getEncoder().encodeToString(key.sign(IndexStatement.bytes(subject, config)));
        } catch (GeneralSecurityException e) {
            throw new InvalidIndexException("the artifact could not be signed: " + e.getMessage(), e);
        }
    }

    /**
     * Reads an artifact.
     *
     * @param fetched any manifest, with the digest that it was verified against
     * @throws InvalidIndexException if it is no index artifact
     */
    static IndexArtifact parse(Fetched fetched) throws InvalidIndexException {
        if (fetched.content().length > MAX_BYTES) {
            throw new InvalidIndexException("it has " + fetched.content().length + " bytes, more than " + MAX_BYTES);
        }
        if (!fetched.descriptor().mediaType().equals(MediaTypes.OCI_MANIFEST)) {
            throw new InvalidIndexException("it is no OCI manifest");
        }
        Manifest manifest;
        try {
            manifest = Manifest.parse(fetched.content(), MediaTypes.OCI_MANIFEST);
        } catch (InvalidManifestException e) {
            throw new InvalidIndexException("it is no OCI manifest: " + e.getMessage(), e);
        }
        if (!manifest.artifactType().equals(Optional.of(TYPE))
                || !manifest.config().mediaType().equals(CONFIG_TYPE)) {
            throw new InvalidIndexException("it is an artifact of another type");
        }
        if (manifest.config().size() > IndexConfig.MAX_BYTES) {
            throw new InvalidIndexException(
                    "its config has " + manifest.config().size() + " bytes, more than " + IndexConfig.MAX_BYTES);
        }
        Descriptor subject = manifest.subject().orElseThrow(() -> new InvalidIndexException("it has no subject"));
        return new IndexArtifact(fetched.descriptor().digest(), manifest, subject);
    }

    /** Its config; content of at most {@link IndexConfig#MAX_BYTES}. */
    Descriptor config() {
        return manifest.config();
    }

    /**
     * Checks that a trusted key has signed this for an image.
     *
     * @throws InvalidIndexException if that is not so
     */
    void requireSignature(Digest image, List<VerificationKey> keys) throws InvalidIndexException {
        String text = manifest.annotations().get(SIGNATURE);
        Optional<String> id = keyId(manifest.annotations());
        if (text == null || id.isEmpty()) {
            throw new InvalidIndexException("it is not signed");
        }
        byte[] signature;
        try {
            signature = Base64.getDecoder().decode(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidIndexException("its signature is not Base64", e);
        }
        List<VerificationKey> candidates =
                keys.stream().filter(key -> key.id().equals(id.get())).toList();
        if (candidates.isEmpty()) {
            throw new InvalidIndexException("it is signed with the key " + id.get() + ", which is not trusted");
        }
        byte[] statement = IndexStatement.bytes(image, config().digest());
        if (candidates.stream().noneMatch(key -> key.verifies(statement, signature))) {
            throw new InvalidIndexException("its signature with the key " + id.get() + " does not match");
        }
    }

    /**
     * What the config says, if it agrees with this manifest.
     *
     * @param bytes verified against the digest of {@link #config}
     */
    IndexConfig config(byte[] bytes) throws InvalidIndexException {
        IndexConfig config = IndexConfig.parse(bytes);
        if (!config.subject().equals(subject.digest())) {
            throw new InvalidIndexException("its config is about " + config.subject() + ", its manifest is not");
        }
        List<Descriptor> expected =
                config.layers().stream().map(IndexArtifact::annotated).toList();
        if (!expected.equals(manifest.layers())) {
            throw new InvalidIndexException("its config and its manifest name different indexes");
        }
        return config;
    }

    /** The key that annotations of an artifact claim it was signed with; empty if none, or if it is malformed. */
    static Optional<String> keyId(Map<String, String> annotations) {
        return Optional.ofNullable(annotations.get(KEY))
                .filter(id -> KEY_ID.matcher(id).matches());
    }

    /** When annotations of an artifact claim it was made; empty if they do not tell, or it is malformed. */
    static Optional<Instant> created(Map<String, String> annotations) {
        try {
            return Optional.ofNullable(annotations.get(CREATED))
                    .map(text -> OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
