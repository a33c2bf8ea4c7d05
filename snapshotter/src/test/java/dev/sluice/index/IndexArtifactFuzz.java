package dev.sluice.index;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import dev.sluice.registry.Descriptor;
import dev.sluice.registry.Digest;
import dev.sluice.registry.Fetched;
import dev.sluice.registry.MediaTypes;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.util.Arrays;
import java.util.List;

/**
 * Fuzzes index artifacts: a manifest, a zero byte, its config. What is read agrees with its manifest and is the same when it is written and read
 * again, and nothing passes for signed by a key that nobody has used.
 */
public final class IndexArtifactFuzz {
    private static final VerificationKey KEY = newKey();

    private IndexArtifactFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        int end = new String(data, ISO_8859_1).indexOf('\0');
        byte[] json = Arrays.copyOf(data, end < 0 ? data.length : end);
        byte[] configJson = Arrays.copyOfRange(data, Math.min(data.length, json.length + 1), data.length);
        config(configJson);
        try {
            IndexArtifact artifact = IndexArtifact.parse(
                    new Fetched(json, new Descriptor(MediaTypes.OCI_MANIFEST, Digest.sha256(json), json.length)));
            requireUnsigned(artifact);
            IndexConfig config = artifact.config(configJson);
            Require.equal(config.subject(), artifact.subject().digest(), "an index of another image");
            Require.that(config.layers().size() == artifact.manifest().layers().size(), "indexes that nobody names");
            PublishedIndex listed = PublishedIndex.of(
                    config.subject(),
                    artifact.config().withAnnotations(artifact.manifest().annotations()));
            Require.that(
                    listed.key()
                            .map(id -> id.length() == VerificationKey.ID_DIGITS)
                            .orElse(true),
                    "no key ID");
        } catch (InvalidIndexException e) {
            String unused = requireNonNull(e.getMessage());
        }
    }

    private static void config(byte[] json) {
        IndexConfig config;
        try {
            config = IndexConfig.parse(json);
        } catch (InvalidIndexException e) {
            String unused = requireNonNull(e.getMessage());
            return;
        }
        try {
            Require.equal(config, IndexConfig.parse(config.toJson()), "not the same when read again");
        } catch (InvalidIndexException e) {
            throw new AssertionError("what was written cannot be read", e);
        }
    }

    private static void requireUnsigned(IndexArtifact artifact) {
        VerificationKey claimed = new VerificationKey(
                IndexArtifact.keyId(artifact.manifest().annotations()).orElse(KEY.id()), KEY.key());
        try {
            artifact.requireSignature(artifact.subject().digest(), List.of(claimed));
        } catch (InvalidIndexException e) {
            String unused = requireNonNull(e.getMessage());
            return;
        }
        throw new AssertionError("signed by nobody");
    }

    private static VerificationKey newKey() {
        try {
            return VerificationKey.of(
                    KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPublic());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
