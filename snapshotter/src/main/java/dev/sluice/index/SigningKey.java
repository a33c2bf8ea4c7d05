package dev.sluice.index;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.interfaces.EdECPrivateKey;
import java.security.spec.NamedParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Optional;

/** A private Ed25519 key (RFC 8032), with its public one. Safe for use by many threads. */
public final class SigningKey {
    static final String ALGORITHM = "Ed25519";

    private final PrivateKey key;
    private final VerificationKey publicKey;

    private SigningKey(PrivateKey key, VerificationKey publicKey) {
        this.key = key;
        this.publicKey = publicKey;
    }

    /**
     * Reads a key that {@code openssl genpkey -algorithm ed25519} wrote: PEM with the label {@code PRIVATE KEY}, not encrypted.
     *
     * @throws InvalidIndexException if the file holds no such key
     * @throws IOException if the file cannot be read
     */
    public static SigningKey read(Path file) throws IOException {
        byte[] der = KeyPem.read(file, "PRIVATE KEY");
        try {
            PrivateKey key = KeyFactory.getInstance(ALGORITHM).generatePrivate(new PKCS8EncodedKeySpec(der));
            SigningKey signing = new SigningKey(key, VerificationKey.of(publicOf(file, key)));
            byte[] probe = {1};
            if (!signing.publicKey.verifies(probe, signing.sign(probe))) {
                throw new InvalidIndexException("this Java runtime cannot tell the public key of " + file);
            }
            return signing;
        } catch (GeneralSecurityException e) {
            // Without the cause, which may quote the key.
            throw new InvalidIndexException(file + " holds no private Ed25519 key");
        }
    }

    /** The other half of a pair whose private half is not random: Java computes it in no other place. */
    private static PublicKey publicOf(Path file, PrivateKey key)
            throws GeneralSecurityException, InvalidIndexException {
        byte[] seed = (key instanceof EdECPrivateKey edwards ? edwards.getBytes() : Optional.<byte[]>empty())
                .orElseThrow(() -> new InvalidIndexException(file + " holds a key that cannot be read"));
        KeyPairGenerator generator = KeyPairGenerator.getInstance(ALGORITHM);
        generator.initialize(NamedParameterSpec.ED25519, new Seed(seed));
        return generator.generateKeyPair().getPublic();
    }

    public VerificationKey publicKey() {
        return publicKey;
    }

    byte[] sign(byte[] message) throws GeneralSecurityException {
        Signature signer = Signature.getInstance(ALGORITHM);
        signer.initSign(key);
        signer.update(message);
        return signer.sign();
    }

    @Override
    public String toString() {
        return "SigningKey[" + publicKey.id() + "]";
    }

    /** Not random: gives the bytes of a private key. */
    private static final class Seed extends SecureRandom {
        private static final long serialVersionUID = 1;

        private final byte[] bytes;

        Seed(byte[] bytes) {
            this.bytes = bytes.clone();
        }

        @Override
        public void nextBytes(byte[] into) {
            System.arraycopy(bytes, 0, into, 0, Math.min(bytes.length, into.length));
            Arrays.fill(into, Math.min(bytes.length, into.length), into.length, (byte) 0);
        }
    }
}
