package dev.sluice.layer.estargz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.FileBlob;
import dev.sluice.layer.LayerDescriptor;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.NoImage;
import dev.sluice.layer.TarBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MillionEntriesTest {
    private static final int FILES = 1_000_000;
    private static final int DATA = 1 << 20;

    @TempDir
    Path directory;

    @Test
    void aMillionFilesFitTheHeapOfTheTests() throws IOException, NoSuchAlgorithmException {
        Path file = directory.resolve("blob");
        String digest = write(file);

        Result result = new EstargzFormat()
                .read(
                        new LayerDescriptor(
                                "application/vnd.oci.image.layer.v1.tar+gzip",
                                "sha256:" + "0".repeat(64),
                                Files.size(file),
                                Map.of("containerd.io/snapshot/stargz/toc.digest", digest)),
                        FileBlob.of(file),
                        new NoImage());

        LayerIndex index = ((Result.Indexed) result).index();
        assertThat(index.entries()).hasSize(FILES);
        assertThat(index.spans().extentCount()).isEqualTo(FILES);
    }

    /** The members that the table of contents promises are not there: nobody reads them here. */
    private static String write(Path file) throws IOException, NoSuchAlgorithmException {
        MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
        long size = writeToc(new DigestOutputStream(OutputStream.nullOutputStream(), sha256));
        try (OutputStream out = Files.newOutputStream(file)) {
            out.write(new byte[DATA]);
            GZIPOutputStream gzip = new FastGzip(out);
            gzip.write(TarBuilder.header(TocStream.NAME, size));
            writeToc(gzip);
            gzip.finish();
            out.write(EstargzBuilder.footer(DATA));
        }
        return "sha256:" + HexFormat.of().formatHex(sha256.digest());
    }

    private static long writeToc(OutputStream out) throws IOException {
        Random random = new Random(1);
        byte[] digest = new byte[32];
        StringBuilder json = new StringBuilder("{\n\t\"version\": 1,\n\t\"entries\": [\n");
        long size = 0;
        for (int i = 0; i < FILES; i++) {
            random.nextBytes(digest);
            String hex = HexFormat.of().formatHex(digest);
            json.append(i == 0 ? "" : ",\n")
                    .append("\t\t{\n\t\t\t\"name\": \"usr/lib/node_modules/package-")
                    .append(i / 20);
            json.append("/lib/some-source-file-")
                    .append(i)
                    .append(".js\",\n\t\t\t\"type\": \"reg\",\n\t\t\t\"size\": ")
                    .append(1 + i % 9000);
            json.append(",\n\t\t\t\"modtime\": \"")
                    .append(Instant.ofEpochSecond(1_600_000_000L + i))
                    .append("\",\n\t\t\t\"mode\": 420,\n");
            json.append("\t\t\t\"uid\": 1000,\n\t\t\t\"gid\": 1000,\n\t\t\t\"offset\": ")
                    .append(i)
                    .append(",\n\t\t\t\"digest\": \"sha256:");
            json.append(hex)
                    .append("\",\n\t\t\t\"chunkDigest\": \"sha256:")
                    .append(hex)
                    .append("\"\n\t\t}");
            if (json.length() > 60_000 || i == FILES - 1) {
                json.append(i == FILES - 1 ? "\n\t]\n}" : "");
                size += json.length();
                out.write(json.toString().getBytes(StandardCharsets.ISO_8859_1));
                json.setLength(0);
            }
        }
        return size;
    }

    /** Compresses little, because the time goes into the test. */
    private static final class FastGzip extends GZIPOutputStream {
        FastGzip(OutputStream out) throws IOException {
            super(out, 64 << 10);
            def.setLevel(Deflater.BEST_SPEED);
        }
    }
}
