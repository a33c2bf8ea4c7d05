package dev.sluice.layer;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** SHA-256, and digests as manifests write them. */
public final class Sha256 {
    private static final String PREFIX = "sha256:";
    private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

    private Sha256() {}

    /** A new digest of nothing yet. */
    public static MessageDigest start() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    /**
     * The 32 bytes of {@code sha256:hex}.
     *
     * @throws InvalidLayerException if it is the digest of another algorithm, or malformed
     */
    public static byte[] parse(String digest) throws InvalidLayerException {
        if (!DIGEST.matcher(digest).matches()) {
            throw new InvalidLayerException("digest is not one of SHA-256: " + digest);
        }
        return HexFormat.of().parseHex(digest, PREFIX.length(), digest.length());
    }

    /** The 32 bytes of a digest as {@code sha256:hex}. */
    public static String toString(byte[] digest) {
        return PREFIX + HexFormat.of().formatHex(digest);
    }
}
