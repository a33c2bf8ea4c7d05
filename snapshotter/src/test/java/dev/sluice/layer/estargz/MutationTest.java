package dev.sluice.layer.estargz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.layer.BytesBlob;
import dev.sluice.layer.Entry;
import dev.sluice.layer.LayerFormat.Result;
import dev.sluice.layer.LayerIndex;
import dev.sluice.layer.NoImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Broken bytes end in an {@link IOException}, or in a layer that keeps all promises of {@link LayerIndex}; never in anything else. */
class MutationTest {
    private static final int ROUNDS = 2000;
    private static final String[] TOKENS = {
        "{",
        "}",
        "[",
        "]",
        "\"",
        ",",
        ":",
        "null",
        "true",
        "-1",
        "0",
        "1",
        "4096",
        "9223372036854775807",
        "1e9",
        "\\u0000",
        "\\ud800",
        "..",
        "/",
        ".wh.",
        ".wh..wh..opq",
        "dir",
        "reg",
        "chunk",
        "hardlink",
        "symlink",
        "a",
        "a/b",
        "\u00e9"
    };

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private final EstargzFormat format = new EstargzFormat();

    @Test
    void ofAnythingBehindTheData() {
        EstargzBuilder builder = layer();
        int data = (int) builder.member(new byte[0]);
        EstargzBuilder.Layer layer = builder.build();
        int refused = 0;
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bad = mutateBytes(layer.blob(), i % 2 == 0 ? data : layer.blob().length - 51);
            refused += read(new EstargzBuilder.Layer(bad, layer.descriptor())) ? 0 : 1;
        }
        assertThat(refused).as("seed %d", seed).isPositive();
    }

    @Test
    void ofATableOfContentsThatTheManifestVouchesFor() {
        EstargzBuilder builder = layer();
        String toc = new String(EstargzBuilder.json(builder.toc()), StandardCharsets.UTF_8);
        int read = 0;
        for (int i = 0; i < ROUNDS; i++) {
            byte[] bad = random.nextBoolean()
                    ? mutateText(toc).getBytes(StandardCharsets.UTF_8)
                    : mutateBytes(toc.getBytes(StandardCharsets.UTF_8), 0);
            read += read(builder.build(bad)) ? 1 : 0;
        }
        assertThat(read).as("some survive, seed %d", seed).isBetween(1, ROUNDS - 1);
    }

    private static EstargzBuilder layer() {
        byte[] content = new byte[10_000];
        new Random(1).nextBytes(content);
        return new EstargzBuilder()
                .chunkSize(3000)
                .directory("a", "xattrs", Map.of("user.x", Base64.getEncoder().encodeToString(new byte[] {1, 2})))
                .file("a/b", content, "modtime", "2024-02-03T04:05:06Z", "uid", 1000)
                .hardLink("a/c", "a/b")
                .symlink("l", "a/b")
                .file("a/.wh.x", new byte[0])
                .file("a/.wh..wh..opq", new byte[0])
                .file(".prefetch.landmark", new byte[] {0xf})
                .file("z", content)
                .entry("null", "char", "devMajor", 1, "devMinor", 3)
                .entry("p", "fifo");
    }

    /** Whether the layer was read. */
    private boolean read(EstargzBuilder.Layer layer) {
        try {
            Result result = format.read(layer.descriptor(), new BytesBlob(layer.blob()), new NoImage());
            if (result instanceof Result.Indexed indexed) {
                check(indexed.index());
                return true;
            }
            return false;
        } catch (IOException e) {
            return false;
        } catch (RuntimeException | Error e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void check(LayerIndex index) {
        Set<String> paths = new HashSet<>();
        Set<String> files = new HashSet<>();
        for (Entry entry : index.entries()) {
            assertThat(paths.add(entry.path()))
                    .as("seed %d: %s twice", seed, entry)
                    .isTrue();
            assertThat(("/" + entry.path() + "/"))
                    .as("seed %d", seed)
                    .doesNotContain("/../")
                    .doesNotContain("/./")
                    .doesNotContain("\0");
            if (entry instanceof Entry.HardLink link) {
                assertThat(files).as("seed %d: %s", seed, entry).contains(link.target());
            } else if (!(entry instanceof Entry.Directory)) {
                files.add(entry.path());
            }
            if (entry instanceof Entry.RegularFile file) {
                assertThat(file.deviceOffset() + file.size())
                        .as("seed %d: %s", seed, entry)
                        .isLessThanOrEqualTo(index.spans().deviceSize());
            }
        }
    }

    private byte[] mutateBytes(byte[] good, int from) {
        byte[] bad = good.clone();
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = from + random.nextInt(bad.length - from);
            bad[at] = random.nextBoolean() ? (byte) (bad[at] ^ 1 << random.nextInt(8)) : (byte) random.nextInt(256);
        }
        return bad;
    }

    private String mutateText(String good) {
        int at = random.nextInt(good.length());
        int end = Math.min(good.length(), at + random.nextInt(30));
        return switch (random.nextInt(4)) {
            case 0 -> good.substring(0, at) + good.substring(end);
            case 1 -> good.substring(0, end) + good.substring(at);
            case 2 -> good.substring(0, at) + TOKENS[random.nextInt(TOKENS.length)] + good.substring(at);
            default -> {
                String[] words = good.split("(?<=[\":, ])", -1);
                words[random.nextInt(words.length)] = words[random.nextInt(words.length)];
                yield String.join("", words);
            }
        };
    }
}
