package dev.sluice.mount;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Which layer a directory holds: a blob read by one table of contents. Two manifests that name one blob but different tables of
 * contents have different layers, so that neither sees what the other one's table says.
 *
 * @param hex 64 lower-case hex digits
 */
record LayerId(String hex) {
    LayerId {
        if (!hex.matches("[0-9a-f]{64}")) {
            throw new IllegalArgumentException("not a layer id: " + hex);
        }
    }

    /**
     * @param blobDigest {@code algorithm:hex}
     * @param indexDigest {@code algorithm:hex}
     */
    static LayerId of(String blobDigest, String indexDigest) {
        return new LayerId(HexFormat.of()
                .formatHex(sha256().digest((blobDigest + "\n" + indexDigest).getBytes(StandardCharsets.UTF_8))));
    }

    /**
     * A plain layer, whose contents are known by their diff ID.
     *
     * @param blobDigest {@code algorithm:hex}
     * @param diffId {@code algorithm:hex}
     */
    static LayerId ofPlain(String blobDigest, String diffId) {
        return of(blobDigest, "diff ID " + diffId);
    }

    /** The same for a blob that is taken for an EROFS image: what the same bytes are as a tar is another layer. */
    static LayerId ofPlainErofs(String blobDigest, String diffId) {
        return of(blobDigest, "diff ID of EROFS " + diffId);
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
