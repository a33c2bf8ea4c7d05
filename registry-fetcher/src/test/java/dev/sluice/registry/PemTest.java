package dev.sluice.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPrivateKey;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys as OpenSSL writes them. */
class PemTest {
    @TempDir
    Path directory;

    private void openssl(String... arguments) throws IOException, InterruptedException {
        Path program = Path.of("/usr/bin/openssl");
        assumeTrue(Files.isExecutable(program), "needs openssl");
        List<String> command = new java.util.ArrayList<>(List.of(program.toString()));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"prime256v1", "secp384r1", "secp521r1"})
    void readsKeysOfEllipticCurvesInTheirOldForm(String curve) throws Exception {
        openssl("ecparam", "-name", curve, "-genkey", "-out", "key.pem");
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-out", "pkcs8.pem");

        assertThat(Files.readString(directory.resolve("key.pem"))).contains("BEGIN EC PRIVATE KEY");
        assertThat(((ECPrivateKey) Pem.key(directory.resolve("key.pem"))).getS())
                .isEqualTo(((ECPrivateKey) Pem.key(directory.resolve("pkcs8.pem"))).getS());
    }

    @ParameterizedTest
    @CsvSource({"2048", "4096"})
    void readsKeysOfRsaInBothForms(String bits) throws Exception {
        openssl("genrsa", "-traditional", "-out", "key.pem", bits);
        openssl("pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-out", "pkcs8.pem");

        assertThat(Files.readString(directory.resolve("key.pem"))).contains("BEGIN RSA PRIVATE KEY");
        assertThat(Pem.key(directory.resolve("key.pem"))).isEqualTo(Pem.key(directory.resolve("pkcs8.pem")));
    }

    @Test
    void readsKeysOfEdwardsCurves() throws Exception {
        openssl("genpkey", "-algorithm", "ed25519", "-out", "key.pem");
        assertThat(Pem.key(directory.resolve("key.pem")).getAlgorithm()).isIn("EdDSA", "Ed25519");
    }

    @Test
    void doesNotReadEncryptedKeys() throws Exception {
        openssl("genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:s3cret", "-out", "key.pem");
        assertThatIOException()
                .isThrownBy(() -> Pem.key(directory.resolve("key.pem")))
                .withMessageContaining("holds no private key that is not encrypted");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "AAAA", "MAA=", "MIIBAA==", "MIP///8=", "MIA="})
    void refusesWhatIsNoKey(String base64) throws Exception {
        for (String kind : List.of("PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY")) {
            Path file = directory.resolve("key.pem");
            Files.writeString(file, "-----BEGIN " + kind + "-----\n" + base64 + "\n-----END " + kind + "-----\n");
            assertThatIOException().isThrownBy(() -> Pem.key(file));
        }
    }
}
