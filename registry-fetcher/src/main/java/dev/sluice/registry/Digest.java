package dev.sluice.registry;

import static java.util.Objects.requireNonNull;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * The digest of some content, as the OCI image spec writes it: {@code algorithm:hex}. Only the two registered algorithms are
 * accepted, in their canonical spelling (lower case).
 *
 * @param algorithm {@code sha256} or {@code sha512}
 * @param hex 64 or 128 lower case hexadecimal digits
 */
public record Digest(String algorithm, String hex) {
    private static final String SHA256 = "sha256";
    private static final String SHA512 = "sha512";

    /** @throws IllegalArgumentException if the algorithm is not known or the digits are not those of a digest of it */
    public Digest {
        requireNonNull(algorithm, "algorithm is null");
        requireNonNull(hex, "hex is null");
        int digits = switch (algorithm) {
            case SHA256 -> 64;
            case SHA512 -> 128;
            default -> throw new IllegalArgumentException("digest algorithm is neither sha256 nor sha512");
        };
        if (hex.length() != digits || !hex.chars().allMatch(Digest::isLowerHex)) {
            throw new IllegalArgumentException("a " + algorithm + " digest has " + digits + " lower case hex digits");
        }
    }

    private static boolean isLowerHex(int c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    }

    /**
     * Parses {@code algorithm:hex}.
     *
     * @throws IllegalArgumentException if it is not a digest
     */
    public static Digest parse(String digest) {
        int colon = digest.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("a digest has the form algorithm:hex");
        }
        return new Digest(digest.substring(0, colon), digest.substring(colon + 1));
    }

    /** The SHA-256 digest of the given bytes. */
    public static Digest sha256(byte[] content) {
        return new Digest(SHA256, HexFormat.of().formatHex(messageDigest(SHA256).digest(content)));
    }

    /** Whether this is the digest of the given bytes. */
    public boolean matches(byte[] content) {
        return MessageDigest.isEqual(bytes(), newMessageDigest().digest(content));
    }

    /** A new, empty computation with this digest's algorithm; compare its result with {@link #bytes}. */
    public MessageDigest newMessageDigest() {
        return messageDigest(algorithm);
    }

    /** The digest itself: 32 or 64 bytes. */
    public byte[] bytes() {
        return HexFormat.of().parseHex(hex);
    }

    private static MessageDigest messageDigest(String algorithm) {
        String name = algorithm.toUpperCase(Locale.ROOT).replace("SHA", "SHA-");
        try {
            return MessageDigest.getInstance(name);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime lacks " + name, e);
        }
    }

    @Override
    public String toString() {
        return algorithm + ":" + hex;
    }
}
