package dev.sluice.index;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.sluice.fuzz.Require;
import dev.sluice.fuzz.ScratchFile;
import java.io.IOException;

/** Fuzzes files with Ed25519 keys: a public key is the same when it is written and read again, and fits no other's signature. */
public final class IndexKeyFuzz {
    private static final ScratchFile FILE = ScratchFile.named("key.pem");
    private static final int SIGNATURE = 64;

    private IndexKeyFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) throws IOException {
        try {
            VerificationKey key = VerificationKey.read(FILE.with(data));
            String pem = TestKeys.pem("PUBLIC KEY", key.key().getEncoded());
            Require.equal(
                    key.id(),
                    VerificationKey.read(FILE.with(pem.getBytes(UTF_8))).id(),
                    "another key");
            Require.that(!key.verifies(data, new byte[SIGNATURE - 1]), "half a signature");
        } catch (InvalidIndexException e) {
            String unused = requireNonNull(e.getMessage());
        }
        try {
            SigningKey unused = SigningKey.read(FILE.with(data));
        } catch (InvalidIndexException e) {
            String unused = requireNonNull(e.getMessage());
        }
    }
}
