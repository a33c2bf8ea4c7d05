package dev.sluice.registry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Certificates and private keys in PEM files (RFC 7468). Keys are PKCS #8, or what OpenSSL wrote before: PKCS #1 for RSA, SEC 1 for
 * elliptic curves. Encrypted keys are not read. Messages quote nothing but the name of where it comes from.
 */
public final class Pem {
    private static final long MAX_FILE = 4 << 20;
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");

    /** {@code SEQUENCE { OBJECT IDENTIFIER rsaEncryption, NULL }}. */
    private static final byte[] RSA = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00
    };
    /** {@code OBJECT IDENTIFIER id-ecPublicKey}. */
    private static final byte[] EC = {0x06, 0x07, 0x2a, (byte) 0x86, 0x48, (byte) 0xce, 0x3d, 0x02, 0x01};

    private static final byte[] VERSION_0 = {0x02, 0x01, 0x00};

    private Pem() {}

    /** All certificates of a file, at least one. */
    static List<X509Certificate> certificates(Path file) throws IOException {
        return certificates(file.toString(), read(file));
    }

    /**
     * All certificates of a text, at least one.
     *
     * @param file where it comes from, for messages
     * @throws IOException if there is none, or one is malformed
     */
    public static List<X509Certificate> certificates(String file, String text) throws IOException {
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            if (block.group(1).equals("CERTIFICATE")) {
                certificates.add(certificate(file, decode(file, block)));
            }
        }
        if (certificates.isEmpty()) {
            throw new IOException(file + " holds no certificate");
        }
        return certificates;
    }

    /** The first private key of a file. */
    static PrivateKey key(Path file) throws IOException {
        return key(file.toString(), read(file));
    }

    /**
     * The first private key of a text.
     *
     * @param file where it comes from, for messages
     * @throws IOException if there is none that is not encrypted, or it is malformed
     */
    public static PrivateKey key(String file, String text) throws IOException {
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            if (block.group(1).equals("PRIVATE KEY")) {
                return decoded(file, decode(file, block));
            } else if (block.group(1).equals("RSA PRIVATE KEY")) {
                return decoded(file, pkcs8(RSA, decode(file, block)));
            } else if (block.group(1).equals("EC PRIVATE KEY")) {
                byte[] der = decode(file, block);
                byte[] curve = curve(der).orElseThrow(() -> new IOException("the key in " + file + " names no curve"));
                return decoded(file, pkcs8(der(0x30, EC, curve), der));
            }
        }
        throw new IOException(file + " holds no private key that is not encrypted");
    }

    private static String read(Path file) throws IOException {
        if (Files.size(file) > MAX_FILE) {
            throw new IOException(file + " has more than " + MAX_FILE + " bytes");
        }
        return Files.readString(file, StandardCharsets.ISO_8859_1);
    }

    private static byte[] decode(String file, Matcher block) throws IOException {
        try {
            return Base64.getMimeDecoder().decode(block.group(2));
        } catch (IllegalArgumentException e) {
            // The exception would quote what may be a secret.
            throw new IOException(file + " is not Base64");
        }
    }

    private static X509Certificate certificate(String file, byte[] der) throws IOException {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
        } catch (GeneralSecurityException e) {
            throw new IOException("a certificate in " + file + " is malformed", e);
        }
    }

    private static PrivateKey decoded(String file, byte[] pkcs8) throws IOException {
        for (String algorithm : List.of("RSA", "EC", "EdDSA")) {
            Optional<PrivateKey> key = key(algorithm, pkcs8);
            if (key.isPresent()) {
                return key.get();
            }
        }
        throw new IOException("the private key in " + file + " is of no known kind");
    }

    private static Optional<PrivateKey> key(String algorithm, byte[] pkcs8) {
        try {
            return Optional.of(KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
        } catch (GeneralSecurityException e) {
            // Of another algorithm, which is told by trying. The exception may quote the key.
            return Optional.empty();
        }
    }

    /** Wraps the key of an algorithm (RFC 5208). */
    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return der(0x30, VERSION_0, algorithm, der(0x04, key));
    }

    /** The parameters of {@code ECPrivateKey} (RFC 5915): what stands under the tag [0] behind version and key. */
    private static Optional<byte[]> curve(byte[] sec1) {
        int at = contentAt(sec1, 0);
        while (at >= 0 && at < sec1.length - 1) {
            int content = contentAt(sec1, at);
            int end = content < 0 ? -1 : content + length(sec1, at);
            if (end < 0 || end > sec1.length) {
                return Optional.empty();
            }
            if (sec1[at] == (byte) 0xa0) {
                return Optional.of(Arrays.copyOfRange(sec1, content, end));
            }
            at = end;
        }
        return Optional.empty();
    }

    /** Where the content of the DER element at an offset begins; -1 if it has no sound length. */
    private static int contentAt(byte[] der, int at) {
        if (at + 1 >= der.length) {
            return -1;
        }
        int first = der[at + 1] & 0xff;
        int content = first < 0x80 ? at + 2 : at + 2 + (first & 0x7f);
        return first == 0x80 || first > 0x83 || content > der.length ? -1 : content;
    }

    private static int length(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        int length = 0;
        for (int i = 0; i < (first & 0x7f); i++) {
            length = (length << 8) | (der[at + 2 + i] & 0xff);
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.writeBytes(part);
        }
        ByteArrayOutputStream element = new ByteArrayOutputStream();
        element.write(tag);
        int length = content.size();
        int octets = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x10000 ? 2 : 3;
        if (octets > 0) {
            element.write(0x80 | octets);
        }
        for (int shift = 8 * Math.max(0, octets - 1); shift >= 0; shift -= 8) {
            element.write(length >> shift);
        }
        element.writeBytes(content.toByteArray());
        return element.toByteArray();
    }
}
