package dev.sluice.index;

import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;

/**
 * A public Ed25519 key (RFC 8032). Safe for use by many threads.
 *
 * @param id the first 16 hexadecimal digits of the SHA-256 of the key's DER (SubjectPublicKeyInfo, RFC 8410); a hint, not a proof
 */
public record VerificationKey(String id, PublicKey key) {
    /** How many digits an ID has. */
    static final int ID_DIGITS = 16;

    static VerificationKey of(PublicKey key) {
        return new VerificationKey(Digest.sha256(key.getEncoded()).hex().substring(0, ID_DIGITS), key);
    }

    /**
     * Reads a key that {@code openssl pkey -pubout} wrote: PEM with the label {@code PUBLIC KEY}.
     *
     * @throws InvalidIndexException if the file holds no such key
     * @throws IOException if the file cannot be read
     */
    public static VerificationKey read(Path file) throws IOException {
        byte[] der = KeyPem.read(file, "PUBLIC KEY");
        try {
            return of(KeyFactory.getInstance(SigningKey.ALGORITHM).generatePublic(new X509EncodedKeySpec(der)));
        } catch (GeneralSecurityException e) {
            throw new InvalidIndexException(file + " holds no public Ed25519 key", e);
        }
    }

    /** Whether the key has made a signature, which may be any bytes, of a message. */
    boolean verifies(byte[] message, byte[] signature) {
        try {
            Signature verifier = Signature.getInstance(SigningKey.ALGORITHM);
            verifier.initVerify(key);
            verifier.update(message);
            return verifier.verify(signature);
        } catch (GeneralSecurityException e) {
            // Bytes that are no signature at all.
            return false;
        }
    }
}
