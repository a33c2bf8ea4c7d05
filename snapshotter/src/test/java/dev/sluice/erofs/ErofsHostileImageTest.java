package dev.sluice.erofs;

import static dev.sluice.erofs.TestTree.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever an image holds, the reader ends, with what it found or with an {@link ErofsException}. */
class ErofsHostileImageTest {
    private static final int MUTATIONS = 20_000;

    @TempDir
    Path temporary;

    private byte[] valid = {};

    @BeforeEach
    void writeValidImage() throws Exception {
        Path image = temporary.resolve("meta.erofs");
        ErofsAttributes xattrs = TestTree.attributes(
                0755, 1, 2, 3, 4, Map.of("user.shared", new byte[] {1, 2, 3}, "trusted.overlay.opaque", new byte[] {'y'
                }));
        TestTree tree = new TestTree()
                .directory("")
                .directory("many")
                .directory("a", xattrs)
                .directory("a/b", xattrs);
        for (int i = 0; i < 250; i++) {
            tree.file("many/file-number-" + i, TestTree.PLAIN, i);
        }
        tree.file("a/file", xattrs, 100_000)
                .file("a/other", TestTree.attributes(0644, 1 << 20, 0, 9, 9, Map.of("user.own", new byte[100])), 1)
                .symlink("a/b/link", TestTree.PLAIN, "target")
                .symlink("a/b/long", TestTree.PLAIN, "t".repeat(4090))
                .device("device", TestTree.PLAIN, true, 8, 1)
                .hardLink("z", "a/file");
        tree.write(image);
        valid = Files.readAllBytes(image);
        assertThatCode(() -> readEverything(valid)).doesNotThrowAnyException();
    }

    @Test
    void flippedBytes() {
        long seed = new Random().nextLong();
        System.out.println("seed of flipped bytes: " + seed);
        Random random = new Random(seed);
        int refused = 0;
        for (int i = 0; i < MUTATIONS; i++) {
            byte[] image = valid.clone();
            int flips = 1 + random.nextInt(4);
            for (int flip = 0; flip < flips; flip++) {
                // Half of them among the first inodes, where most of the structure is.
                int position = random.nextBoolean() ? random.nextInt(image.length) : 1024 + random.nextInt(1500);
                image[position] = random.nextBoolean() ? (byte) random.nextInt() : (byte) (random.nextInt(3) - 1);
            }
            if (random.nextInt(4) > 0) {
                fixChecksum(image);
            }
            refused += refuses(image, "seed " + seed + ", image " + i) ? 1 : 0;
        }
        assertThat(refused).as("seed %d", seed).isGreaterThan(MUTATIONS / 10);
    }

    @Test
    void anImageThatIsCutOff() {
        for (int length = 0; length < valid.length; length += length < 8192 ? 1 : 97) {
            byte[] image = Arrays.copyOf(valid, length);
            assertThat(refuses(image, "length " + length))
                    .as("length %d", length)
                    .isTrue();
        }
    }

    @Test
    void bytesThatAreNoImage() {
        long seed = new Random().nextLong();
        byte[] image = new byte[64 << 10];
        new Random(seed).nextBytes(image);
        assertThat(refuses(image, "seed " + seed)).isTrue();
        assertThat(refuses(new byte[64 << 10], "zeros")).isTrue();
    }

    @Test
    void aDirectoryBelowItself() {
        assertRefused(image -> setNid(image, "a/b", "a"), "two names");
        assertRefused(image -> setNid(image, "a", ""), "two names");
    }

    @Test
    void namesOutOfOrder() {
        assertRefused(image -> replace(image, "file-number-10", "file-number-99"), "not in order");
        assertRefused(image -> replace(image, "file-number-249", "file-number-1/9"), "bogus entry");
    }

    @Test
    void aFileThatReachesBeyondItsDevice() {
        assertRefused(
                image -> {
                    int inode = (int)
                            reader(image).find(bytes("a/file")).orElseThrow().offset();
                    little(image).putLong(inode + 8, 32 * OnDisk.BLOCK);
                },
                "end at block");
    }

    @Test
    void sizesThatOverflow() {
        for (String path : new String[] {"a/file", "a", "many", "a/b/long", "a/b/link"}) {
            for (long size : new long[] {-1, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 62, 1L << 43}) {
                assertRefused(
                        image -> {
                            ErofsInode inode = reader(image).find(bytes(path)).orElseThrow();
                            if (inode.inodeSize() == OnDisk.EXTENDED_INODE) {
                                little(image).putLong((int) inode.offset() + 8, size);
                            } else {
                                little(image).putInt((int) inode.offset() + 8, (int) (size | 0xF000_0000L));
                            }
                        },
                        "");
            }
        }
    }

    private interface Change {
        void apply(byte[] image) throws IOException;
    }

    private void assertRefused(Change change, String message) {
        byte[] image = valid.clone();
        assertThatThrownBy(() -> {
                    change.apply(image);
                    fixChecksum(image);
                    readEverything(image);
                })
                .isInstanceOf(ErofsException.class)
                .hasMessageContaining(message);
    }

    /** Makes the directory entry at a path lead to the inode of another path. */
    private static void setNid(byte[] image, String path, String target) throws IOException {
        ErofsReader reader = reader(image);
        long from = reader.find(bytes(path)).orElseThrow().nid();
        long to = reader.find(bytes(target)).orElseThrow().nid();
        String parent = path.substring(0, Math.max(0, path.lastIndexOf('/')));
        ErofsInode directory = reader.find(bytes(parent)).orElseThrow();
        for (long at = directory.bodyOffset(); at < directory.bodyOffset() + directory.size(); at += OnDisk.DIRENT) {
            if (little(image).getLong((int) at) == from) {
                little(image).putLong((int) at, to);
                return;
            }
        }
        fail("no entry " + path);
    }

    private static void replace(byte[] image, String text, String other) {
        String all = TestTree.text(image);
        int at = all.indexOf(text + "file");
        at = at >= 0 ? at : all.indexOf(text);
        System.arraycopy(bytes(other), 0, image, at, other.length());
    }

    private static boolean refuses(byte[] image, String what) {
        try {
            readEverything(image);
            return false;
        } catch (ErofsException e) {
            return true;
        } catch (IOException | RuntimeException | StackOverflowError | OutOfMemoryError e) {
            throw new AssertionError(what, e);
        }
    }

    private static void readEverything(byte[] image) throws IOException {
        ErofsReader reader = reader(image);
        reader.walk((path, inode) -> {
            reader.xattrs(inode);
            if (inode.isSymlink()) {
                reader.symlinkTarget(inode);
            } else if (inode.isRegularFile()) {
                reader.extents(inode);
            }
        });
    }

    private static ErofsReader reader(byte[] image) throws IOException {
        return ErofsReader.of(ByteBuffer.wrap(image));
    }

    private static ByteBuffer little(byte[] image) {
        return ByteBuffer.wrap(image).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void fixChecksum(byte[] image) {
        little(image).putInt(OnDisk.SUPERBLOCK + OnDisk.CHECKSUM, 0);
        CRC32C checksum = new CRC32C();
        checksum.update(image, OnDisk.SUPERBLOCK, OnDisk.BLOCK - OnDisk.SUPERBLOCK);
        little(image).putInt(OnDisk.SUPERBLOCK + OnDisk.CHECKSUM, ~(int) checksum.getValue());
    }
}
