package dev.sluice.index;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.sluice.registry.Digest;

/** What a signature of an index artifact says. */
final class IndexStatement {
    private static final String DOMAIN = "sluice index v1\n";

    private IndexStatement() {}

    /**
     * The signed bytes: a line that no other use of the key begins with, then a line for each digest.
     *
     * @param subject of the image's manifest
     * @param config of the artifact, which names the indexes by digest
     */
    static byte[] bytes(Digest subject, Digest config) {
        return (DOMAIN + subject + "\n" + config + "\n").getBytes(US_ASCII);
    }
}
