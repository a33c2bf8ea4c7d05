package dev.sluice.containerd;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Checks bytes against a digest that is still text. */
final class ContentDigest {
    private ContentDigest() {}

    /** Whether {@code digest} is {@code sha256:hex} or {@code sha512:hex}, and that of the bytes. */
    static boolean matches(String digest, byte[] content) {
        int colon = digest.indexOf(':');
        String algorithm = switch (colon < 0 ? "" : digest.substring(0, colon)) {
            case "sha256" -> "SHA-256";
            case "sha512" -> "SHA-512";
            default -> "";
        };
        if (algorithm.isEmpty()) {
            return false;
        }
        try {
            byte[] actual = MessageDigest.getInstance(algorithm).digest(content);
            return HexFormat.of().formatHex(actual).equals(digest.substring(colon + 1));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java runtime lacks " + algorithm, e);
        }
    }
}
