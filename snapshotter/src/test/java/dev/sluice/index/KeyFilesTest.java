package dev.sluice.index;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sluice.registry.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KeyFilesTest {
    /** The examples of RFC 8410, section 10: a pair. */
    private static final String PRIVATE = """
            -----BEGIN PRIVATE KEY-----
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
            -----END PRIVATE KEY-----
            """;

    private static final String PUBLIC = """
            -----BEGIN PUBLIC KEY-----
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
            -----END PUBLIC KEY-----
            """;

    @TempDir
    private Path directory;

    private Path file(String content) throws IOException {
        return Files.writeString(directory.resolve("key.pem"), content);
    }

    @Test
    void aPrivateKeyTellsItsPublicOne() throws IOException {
        SigningKey signing = SigningKey.read(file(PRIVATE));
        VerificationKey verification = VerificationKey.read(file(PUBLIC));

        assertThat(signing.publicKey()).isEqualTo(verification);
        assertThat(verification.id()).hasSize(16);
    }

    @Test
    void aSignatureIsOfOneMessageByOneKey() throws Exception {
        SigningKey signing = SigningKey.read(file(PRIVATE));
        SigningKey other = TestKeys.signing(directory);
        byte[] signature = signing.sign("a".getBytes(US_ASCII));

        assertThat(signing.publicKey().verifies("a".getBytes(US_ASCII), signature))
                .isTrue();
        assertThat(signing.publicKey().verifies("b".getBytes(US_ASCII), signature))
                .isFalse();
        assertThat(other.publicKey().verifies("a".getBytes(US_ASCII), signature))
                .isFalse();
        assertThat(signing.publicKey().verifies("a".getBytes(US_ASCII), new byte[0]))
                .isFalse();
        assertThat(signing.publicKey().verifies("a".getBytes(US_ASCII), new byte[1000]))
                .isFalse();
    }

    @Test
    void whatOpensslWritesIsRead() throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/openssl")), "there is no openssl");
        Path secret = directory.resolve("secret.pem");
        Path open = directory.resolve("open.pem");
        Path der = directory.resolve("open.der");
        openssl("genpkey", "-algorithm", "ed25519", "-out", secret.toString());
        openssl("pkey", "-in", secret.toString(), "-pubout", "-out", open.toString());
        openssl("pkey", "-in", secret.toString(), "-pubout", "-outform", "DER", "-out", der.toString());

        VerificationKey key = VerificationKey.read(open);
        assertThat(SigningKey.read(secret).publicKey()).isEqualTo(key);
        assertThat(Digest.sha256(Files.readAllBytes(der)).hex()).startsWith(key.id());
    }

    private static void openssl(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "/usr/bin/openssl";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1\n-----END PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
                "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp",
            })
    void whatIsNoKeyIsRefusedWithoutBeingQuoted(String content) throws IOException {
        Path file = file(content);

        assertThatThrownBy(() -> SigningKey.read(file))
                .isInstanceOf(InvalidIndexException.class)
                .hasMessageContaining("key.pem")
                .hasMessageNotContaining("MC4C")
                .hasNoCause();
        assertThatThrownBy(() -> VerificationKey.read(file)).isInstanceOf(InvalidIndexException.class);
    }

    @Test
    void aKeyOfAnotherKindIsRefused() throws Exception {
        var pair = KeyPairGenerator.getInstance("Ed448").generateKeyPair();
        Path secret = file(TestKeys.pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
        assertThatThrownBy(() -> SigningKey.read(secret)).isInstanceOf(InvalidIndexException.class);
        Path open = file(TestKeys.pem("PUBLIC KEY", pair.getPublic().getEncoded()));
        assertThatThrownBy(() -> VerificationKey.read(open)).isInstanceOf(InvalidIndexException.class);
    }

    @Test
    void aFileThatIsMissingOrHugeIsRefused() throws IOException {
        assertThatThrownBy(() -> SigningKey.read(directory.resolve("missing"))).isInstanceOf(NoSuchFileException.class);
        Path huge = file("x".repeat(100_000) + PRIVATE);
        assertThatThrownBy(() -> SigningKey.read(huge))
                .isInstanceOf(InvalidIndexException.class)
                .hasMessageContaining("more than 65536");
    }
}
